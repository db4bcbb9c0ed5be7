"""What the real server was seen to answer, and what the client makes of it."""

import json
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import yaml

import cxr_client
from cxr_client import CxrClient, Retries, ServerError
from cxr_client._causes import server_error
from cxr_client._grpc import _KINDS
from tests.serving.client.conftest import film

RECORDINGS = yaml.safe_load((Path(__file__).parent / "recordings.yaml").read_text(encoding="utf-8"))
REST = [recording for recording in RECORDINGS if "status" in recording]
GRPC = [recording for recording in RECORDINGS if "code" in recording]


def check(error: ServerError, recording: dict[str, Any]) -> None:
    assert type(error) is getattr(cxr_client, recording["error"])
    assert error.cause == recording["cause"]
    assert recording["advice"] in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 500


@pytest.mark.parametrize("recording", REST, ids=lambda recording: f"{recording['status']}-{recording['cause']}")
def test_a_refusal_over_rest_says_what_is_wrong(recording: dict[str, Any]) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(recording["status"], text=recording["body"])

    client = CxrClient("http://stub", transport=httpx.MockTransport(answer), retries=Retries(2, 0, 0))
    with client, pytest.raises(ServerError) as caught:
        client.metadata()
    check(caught.value, recording)
    assert caught.value.status == f"HTTP {recording['status']}"
    assert len(asked) == (2 if recording["error"] == "UnavailableError" else 1)


@pytest.mark.parametrize("recording", GRPC, ids=lambda recording: f"{recording['code']}-{recording['cause']}")
def test_a_refusal_over_grpc_says_what_is_wrong(recording: dict[str, Any]) -> None:
    kind = _KINDS.get(grpc.StatusCode[recording["code"]], ServerError)
    check(server_error(kind, recording["code"], recording["message"]), recording)


def test_the_same_fault_is_the_same_error_over_both_protocols() -> None:
    def causes(recordings: list[dict[str, Any]]) -> dict[str, str]:
        return {recording["cause"]: recording["error"] for recording in recordings if recording["cause"]}

    rest, grpc_ = causes(REST), causes(GRPC)
    assert len(rest.keys() & grpc_.keys()) >= 6
    assert all(rest[cause] == grpc_[cause] for cause in rest.keys() & grpc_.keys())


def test_an_echo_of_the_request_is_cut_short() -> None:
    # With both instances and inputs, or neither, the real server echoes the whole request.
    echo = json.dumps({"error": "JSON Value: " + "A" * 124_000})
    transport = httpx.MockTransport(lambda request: httpx.Response(400, text=echo))
    with CxrClient("http://stub", transport=transport) as client, pytest.raises(ServerError) as caught:
        client.predict([film(1)])
    assert len(str(caught.value)) < 400
    assert len(caught.value.server_message) == 300
