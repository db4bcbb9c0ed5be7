"""What a running server says; its answers are written as a real TF Serving 2.16.1 was seen to give them."""

from typing import Any

import httpx
import pytest

from serving.server_status import Server, status_of
from trainer.errors import RunError, UsageError


def version(number: int, state: str, message: str = "") -> dict[str, Any]:
    code = "OUT_OF_RANGE" if message else "OK"
    return {"version": str(number), "state": state, "status": {"error_code": code, "error_message": message}}


def server(status: int, **reply: Any) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "http://host:8501/v1/models/cxr"
        return httpx.Response(status, json=reply)

    return httpx.MockTransport(answer)


def test_only_available_versions_count_among_all_that_it_remembers() -> None:
    states = [version(3, "AVAILABLE"), version(2, "END"), version(1, "AVAILABLE"), version(4, "END", "Read less bytes")]
    status = status_of(Server("http://host:8501/"), "cxr", server(200, model_version_status=states))
    assert status.states == {1: "AVAILABLE", 2: "END", 3: "AVAILABLE", 4: "END"}
    assert (status.available, status.errors) == ({1, 3}, {4: "Read less bytes"})


def test_a_model_that_the_server_does_not_know_is_named() -> None:
    reply = server(404, error="Could not find any versions of model cxr")
    message = "http://host:8501/v1/models/cxr answers 404: Could not find any versions of model cxr; check the model's"
    with pytest.raises(RunError, match=message):
        status_of(Server("http://host:8501"), "cxr", reply)


def test_another_kind_of_server_is_told_apart() -> None:
    page = httpx.MockTransport(lambda request: httpx.Response(404, html="<html>"))
    with pytest.raises(RunError, match="answers 404, but no JSON; is it TF Serving's REST"):
        status_of(Server("http://host:8501"), "cxr", page)


def test_no_server_is_one_line() -> None:
    with pytest.raises(RunError, match=r"server http://127\.0\.0\.1:1 does not answer \(.*refused\); check the addr"):
        status_of(Server("http://127.0.0.1:1"), "cxr")


@pytest.mark.parametrize("address", ["host:8501", "grpc://host:8500", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match=r"is no address of a REST port; give http://HOST:8501"):
        status_of(Server(address), "cxr")


def test_the_key_goes_into_the_header_and_nowhere_else() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(401, json={"error": "no API key that is known here in the header x-api-key"})

    server = Server("http://host:8501", "a secret")
    with pytest.raises(RunError, match=r"answers 401: no API key .*; give the key in CXR_API_KEY") as caught:
        status_of(server, "cxr", httpx.MockTransport(answer))
    assert asked[0].headers["x-api-key"] == "a secret"
    assert not any("a secret" in text for text in (str(caught.value), repr(server), str(asked[0].url)))


def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="letters that a header cannot; give printable ASCII in CXR_API_KEY") as caught:
        status_of(Server("http://host:8501", "sécret"), "cxr", server(200))
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("file", ["nowhere.pem", __file__])
def test_a_file_that_holds_no_certificate_is_named(file: str) -> None:
    with pytest.raises(UsageError, match=r"CXR_CA_CERT '.*' cannot be used \(.+\); give a PEM file"):
        status_of(Server("https://host:8501", ca_cert=file), "cxr")


def test_a_certificate_that_is_not_trusted_leads_to_its_authority() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate")

    with pytest.raises(RunError, match=r"self-signed certificate\); name its authority's file in CXR_CA_CERT"):
        status_of(Server("https://host:8501"), "cxr", httpx.MockTransport(answer))
