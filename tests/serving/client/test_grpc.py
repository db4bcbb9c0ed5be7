"""gRPC, on this machine's own ports."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from cxr_client import (
    AccessError,
    CxrClient,
    DeadlineError,
    Limits,
    ReplyError,
    Retries,
    Tensor,
    Timeout,
    Tls,
    UnavailableError,
    VersionStatus,
    _messages,
)
from cxr_client._grpc import _parsed
from tests.serving.client.conftest import film
from tests.serving.client.stub import VERSION, Refused, StubModel, grpc_server


@pytest.fixture
def port(model: StubModel) -> Iterator[int]:
    with grpc_server(model) as port:
        yield port


def test_the_version_that_answered_is_told(port: int) -> None:
    with CxrClient(f"grpc://127.0.0.1:{port}") as client:
        assert client.predict([film(9)])[0].version == VERSION


def test_a_reply_beyond_grpcs_own_four_megabytes_is_received(
    port: int, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = model._row
    monkeypatch.setattr(model, "_row", lambda film, explain: {**row(film, explain=explain), "error": "x" * 5_000_000})
    with CxrClient(f"grpc://127.0.0.1:{port}") as client:
        assert client.predict([film(200)])[0].label == "covid"
    small = CxrClient(f"grpc://127.0.0.1:{port}", limits=Limits(reply_bytes=1_000_000), retries=Retries(9, 60, 60))
    with pytest.raises(ReplyError, match=r"raise Limits.reply_bytes"):  # and no try after a pause of a minute
        small.predict([film(200)])


def test_a_try_ends_in_time(port: int, model: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_row", lambda film, explain: time.sleep(0.3))
    client = CxrClient(f"grpc://127.0.0.1:{port}", timeout=Timeout(attempt=0.1))
    with client, pytest.raises(DeadlineError, match="no answer in time"):
        client.predict([film(200)])
    assert len(model.requests) == 1


def test_the_state_of_the_versions_is_read_newest_first(port: int) -> None:
    with CxrClient(f"grpc://127.0.0.1:{port}", label="stable") as client:
        assert client.status() == [VersionStatus(VERSION, "AVAILABLE"), VersionStatus(VERSION - 1, "END")]


def test_metadata_are_signatures_without_the_servers_own(port: int) -> None:
    with CxrClient(f"grpc://127.0.0.1:{port}") as client:
        found = client.metadata()
    assert found.version == VERSION
    assert found.signatures.keys() == {"serving_default"}
    assert found.signatures["serving_default"].inputs == {"image_bytes": Tensor("DT_STRING", (-1,))}


def test_waiting_ends_when_the_model_is_there(port: int, model: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxr_client._session._POLL", 0.01)
    model.refusals = [Refused(grpc.StatusCode.NOT_FOUND, 404, "Servable not found for request: Latest(cxr)")]
    with CxrClient(f"grpc://127.0.0.1:{port}") as client:
        assert client.wait_ready(5).version == VERSION


def test_a_server_that_is_not_there_is_unavailable() -> None:
    client = CxrClient("grpc://127.0.0.1:9", retries=Retries(2, 0, 0))
    with client, pytest.raises(UnavailableError, match="after 2 tries"):
        client.predict([film(9)])


def test_a_reply_that_is_none_of_tf_serving_is_none() -> None:
    with pytest.raises(ReplyError, match="none of TF Serving"):
        _parsed(_messages.PredictResponse, b"HTTP/1.1 200 OK")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a certificate of its own for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run([*command, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


def test_tls_takes_a_certificate_of_ones_own(model: StubModel, certificate: tuple[Path, Path]) -> None:
    credentials = grpc.ssl_server_credentials([tuple(file.read_bytes() for file in certificate)])
    with grpc_server(model, credentials) as port:
        with CxrClient(f"grpcs://localhost:{port}", tls=Tls(authorities=certificate[1])) as client:
            assert client.predict([film(200)])[0].label == "covid"
        with CxrClient(f"grpcs://localhost:{port}") as client, pytest.raises(AccessError, match="not trusted"):
            client.predict([film(200)])
    assert len(model.requests) == 1
