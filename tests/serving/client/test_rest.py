"""REST replies as the real server writes them, and such as it should not."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_client import (
    CxrClient,
    CxrClientError,
    DeadlineError,
    FilmErrors,
    Limits,
    NotServedError,
    ReplyError,
    RequestError,
    Retries,
    Signature,
    Tensor,
    Timeout,
    UnavailableError,
    VersionStatus,
)
from tests.serving.client.conftest import film
from tests.serving.client.stub import StubModel, grpc_server, http_server

# The row form of the real server: keys in any order, float32 with nine digits.
ROW = """{"predictions": [{
    "valid": true, "score": 0.12345679, "label": "healthy", "classes": ["covid", "healthy"],
    "probabilities": [0.12345679, 0.876543224], "positive": false, "error": ""}]}"""
# GET /v1/models/cxr: versions and numbers of 64 bits as text; past versions stay.
STATUS = """{"model_version_status": [
    {"version": "6", "state": "END", "status":
        {"error_code": "OUT_OF_RANGE", "error_message": "Read less bytes than requested"}},
    {"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]}"""
# GET /v1/models/cxr/metadata, with the signature that restores the variables.
METADATA = """{"model_spec": {"name": "cxr", "signature_name": "", "version": "7"},
    "metadata": {"signature_def": {"signature_def": {
    "serving_default": {
        "inputs": {"image_bytes": {"dtype": "DT_STRING", "tensor_shape":
            {"dim": [{"size": "-1", "name": ""}], "unknown_rank": false}, "name": "serving_default_image_bytes:0"}},
        "outputs": {"score": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [], "unknown_rank": true}, "name": "x:0"}},
        "method_name": "tensorflow/serving/predict", "defaults": {}},
    "__saved_model_init_op": {"inputs": {}, "outputs": {"__saved_model_init_op": {
        "dtype": "DT_INVALID", "tensor_shape": {"dim": [], "unknown_rank": true}, "name": "NoOp"}},
        "method_name": ""}}}}}"""


def answering(
    answer: str | bytes | Callable[[httpx.Request], httpx.Response], status: int = 200, **options: object
) -> CxrClient:
    handler = answer if callable(answer) else lambda request: httpx.Response(status, content=answer)
    return CxrClient(
        "http://stub/base/", transport=httpx.MockTransport(handler), **{"retries": Retries(2, 0, 0), **options}
    )  # type: ignore[arg-type]


def test_a_recorded_row_becomes_a_prediction() -> None:
    (prediction,) = answering(ROW).predict([film(9)])
    assert (prediction.label, prediction.score, prediction.positive) == ("healthy", 0.12345679, False)
    assert prediction.probabilities == {"covid": 0.12345679, "healthy": 0.876543224}
    assert prediction.version is None  # REST replies have none


@pytest.mark.parametrize(
    "options, path",
    [
        ({}, "/base/v1/models/cxr:predict"),
        ({"model": "my model", "version": 3}, "/base/v1/models/my%20model/versions/3:predict"),
        ({"label": "canary"}, "/base/v1/models/cxr/labels/canary:predict"),
    ],
)
def test_the_path_names_model_version_and_label(options: dict[str, object], path: str) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, text=ROW)

    (prediction,) = answering(answer, **options).predict([film(9)])
    assert asked[0].url.raw_path.decode() == path
    assert prediction.version == options.get("version")


def test_a_threshold_is_passed_on_where_the_model_gives_it() -> None:
    (prediction,) = answering(ROW.replace('"valid"', '"threshold": 0.5, "valid"')).predict([film(9)])
    assert prediction.threshold == 0.5


def test_numbers_that_json_does_not_have_are_read_and_refused() -> None:
    for literal in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(FilmErrors, match="the model's answer is no number"):
            answering(ROW.replace("0.876543224", literal)).predict([film(9)])


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('"valid"', '"vaild"', "output 'valid' is missing among"),
        ('"label": "healthy"', '"label": "invalid"', "label 'invalid' with score"),
        ('"label": "healthy"', '"label": {"b64": "AA=="}', "output 'label' is a dict"),
        ("0.12345679, 0.876543224", "0.12345679", "1 probabilities for classes"),
        ('"score": 0.12345679', '"score": "0.1"', "output 'score' holds '0.1', not a number"),
        ('"score": 0.12345679', '"score": 1.5', "with score 1.5"),
        ('"score": 0.12345679', '"score": true', "not a number"),
        ('["covid", "healthy"]', "[1, 2]", "probabilities for classes"),
        ('"predictions"', '"outputs"', "no list of 1 predictions"),
        ('"predictions": [', '"predictions": [{},', "no list of 1 predictions"),
    ],
)
def test_a_reply_of_another_model_is_none(old: str, new: str, message: str) -> None:
    assert old in ROW
    with pytest.raises(ReplyError, match=message):
        answering(ROW.replace(old, new)).predict([film(9)])


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000, b"7" * 5000])
def test_a_reply_that_is_no_object_is_none(content: bytes) -> None:
    for ask in (CxrClient.status, CxrClient.metadata, lambda client: client.predict([film(9)])):
        with pytest.raises(ReplyError):
            ask(answering(content))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["", "7", "covid", "AVAILABLE"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["predictions", "valid", "error", "score", "label", "classes", "probabilities", "positive", "metadata",
             "signature_def", "model_spec", "version", "model_version_status", "state", "status", "inputs", "outputs"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(reply=JSON, status=st.sampled_from([200, 200, 200, 400]))
def test_no_reply_ends_in_anything_but_an_answer_or_the_clients_error(reply: object, status: int) -> None:
    client = answering(json.dumps(reply), status)
    for ask in (CxrClient.status, CxrClient.metadata, lambda client: client.predict([film(9)])):
        with suppress(CxrClientError):
            ask(client)


def test_the_state_of_the_versions_is_read_newest_first() -> None:
    found = answering(STATUS).status()
    assert found == [VersionStatus(7, "AVAILABLE"), VersionStatus(6, "END", "Read less bytes than requested")]
    assert [status.is_available for status in found] == [True, False]


def test_metadata_are_signatures_without_the_servers_own() -> None:
    found = answering(METADATA).metadata()
    assert found.version == 7
    assert found.signatures == {
        "serving_default": Signature({"image_bytes": Tensor("DT_STRING", (-1,))}, {"score": Tensor("DT_FLOAT", None)})
    }


def test_waiting_ends_when_the_model_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxr_client._session._POLL", 0.01)
    replies = [
        httpx.Response(503, text=""),
        httpx.Response(404, json={"error": "Servable not found for request: Latest(cxr)"}),
        httpx.Response(400, json={"error": "Unrecognized servable version label: stable"}),
        httpx.Response(200, text=METADATA),
    ]
    assert answering(lambda request: replies.pop(0), label="stable").wait_ready().version == 7


def test_waiting_in_vain_says_what_the_server_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxr_client._session._POLL", 0.01)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("metadata"):
            return httpx.Response(404, json={"error": "Servable not found for request: Latest(cxr)"})
        return httpx.Response(200, text=STATUS.replace("AVAILABLE", "LOADING"))

    with pytest.raises(DeadlineError, match=r"not ready after 0.05 s: .*version 7 LOADING; version 6 END Read less"):
        answering(answer).wait_ready(0.05)


def test_waiting_is_not_for_what_waiting_does_not_mend() -> None:
    with pytest.raises(CxrClientError, match="another API key"):
        answering(b"", 401).wait_ready()


def test_a_body_that_a_proxy_finds_too_large_is_divided() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        films = len(json.loads(request.content)["instances"])
        rows = json.loads(ROW)["predictions"] * films
        return httpx.Response(413) if len(request.content) > 500 else httpx.Response(200, json={"predictions": rows})

    found = answering(answer).predict([film(9), film(9), film(9, extra=bytes(900)), film(9)], strict=False)
    assert [getattr(result, "reason", "") for result in found] == ["", "", "size", ""]


def test_a_reply_without_end_is_cut_off() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1000)

    client = answering(lambda request: httpx.Response(200, content=endless()), limits=Limits(reply_bytes=100_000))
    with pytest.raises(ReplyError, match=r"larger than Limits\(reply_bytes=100000\)"):
        client.predict([film(9)])


def test_a_reply_that_drips_ends_with_the_try() -> None:
    def dripping() -> Iterator[bytes]:
        while True:
            time.sleep(0.01)
            yield b" "

    client = answering(lambda request: httpx.Response(200, content=dripping()), timeout=Timeout(attempt=0.05))
    with pytest.raises(DeadlineError, match=r"no answer within 0.05 s; raise Timeout.attempt"):
        client.predict([film(9)])


def test_a_request_that_drips_away_ends_with_the_try() -> None:
    """A server that takes a request byte by byte, over a real socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def sip() -> None:
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.01) and connection.recv(5000):
                    pass

        thread = threading.Thread(target=sip)
        thread.start()
        large = film(9, extra=bytes(12_000_000))
        with CxrClient(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=Timeout(attempt=0.3)) as client:
            start = time.monotonic()
            with pytest.raises(DeadlineError, match=r"no answer within 0.3 s"):
                client.predict(large)
            assert time.monotonic() - start < 2
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "fault, error, tries",
    [
        (httpx.ConnectError("refused"), UnavailableError, 2),
        (httpx.ConnectTimeout("slow"), UnavailableError, 2),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), UnavailableError, 2),
        (httpx.ReadTimeout("slow"), DeadlineError, 1),
        (httpx.DecodingError("not gzip"), ReplyError, 1),
    ],
)
def test_only_a_connection_that_fails_is_tried_again(fault: Exception, error: type[Exception], tries: int) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise fault

    with pytest.raises(error):
        answering(answer).predict([film(9)])
    assert len(asked) == tries


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate")

    with pytest.raises(CxrClientError, match="not trusted") as caught:
        answering(answer).predict([film(9)])
    assert type(caught.value).__name__ == "AccessError"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match=r"http://127.0.0.1:9: .* after 2 tries"):
        CxrClient("http://127.0.0.1:9", retries=Retries(2, 0, 0)).predict([film(9)])


def test_the_other_protocols_server_is_told_from_one_that_is_not_there(model: StubModel) -> None:
    with grpc_server(model) as grpc, http_server(model) as rest:
        for url in (f"http://127.0.0.1:{grpc}", f"grpc://127.0.0.1:{rest}"):
            with CxrClient(url) as client, pytest.raises(RequestError, match="gRPC on 8500 and REST on 8501"):
                client.predict([film(9)])


def test_not_found_is_not_found() -> None:
    with pytest.raises(NotServedError):
        answering(b'{"error": "Servable not found for request: Latest(cxr)"}', 404).predict([film(9)])
