"""What a running server says; its answers are written as a real TF Serving 2.16.1 was seen to give them."""

from typing import Any

import httpx
import pytest

from serving.server_status import status_of
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
    status = status_of("http://host:8501/", "cxr", server(200, model_version_status=states))
    assert status.states == {1: "AVAILABLE", 2: "END", 3: "AVAILABLE", 4: "END"}
    assert (status.available, status.errors) == ({1, 3}, {4: "Read less bytes"})


def test_a_model_that_the_server_does_not_know_is_named() -> None:
    reply = server(404, error="Could not find any versions of model cxr")
    message = "http://host:8501/v1/models/cxr answers 404: Could not find any versions of model cxr; check the model's"
    with pytest.raises(RunError, match=message):
        status_of("http://host:8501", "cxr", reply)


def test_another_kind_of_server_is_told_apart() -> None:
    page = httpx.MockTransport(lambda request: httpx.Response(404, html="<html>"))
    with pytest.raises(RunError, match="answers 404, but no JSON; is it TF Serving's REST"):
        status_of("http://host:8501", "cxr", page)


def test_no_server_is_one_line() -> None:
    with pytest.raises(RunError, match=r"server http://127\.0\.0\.1:1 does not answer \(.*refused\); check the addr"):
        status_of("http://127.0.0.1:1", "cxr")


@pytest.mark.parametrize("address", ["host:8501", "grpc://host:8500", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match=r"is no address of a REST port; give http://HOST:8501"):
        status_of(address, "cxr")
