"""REST as a real TF Serving 2.16.1 was seen to answer; each test is one of its habits, unless it says otherwise."""

import base64
import gzip
import json
from typing import Any

import pytest

from .conftest import Served, as_base64

PREDICT = "/v1/models/cxr:predict"
OUTPUTS = {"probabilities", "classes", "label", "score", "positive", "valid", "error"}


def error_of(reply: Any, status: int) -> str:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"].startswith("application/json")
    (message,) = reply.json().values()
    assert list(reply.json()) == ["error"]
    return message


def test_rows_are_answered_as_predictions_and_columns_as_outputs(server: Served, three_films: list[bytes]) -> None:
    films = [as_base64(film) for film in three_films]
    named = server.post({"instances": [{"image_bytes": film} for film in films]}).json()["predictions"]
    bare = server.post({"instances": films}).json()["predictions"]
    columns = server.post({"inputs": {"image_bytes": films}}).json()["outputs"]
    list_alone = server.post({"inputs": films}).json()["outputs"]
    assert set(named[0]) == set(columns) >= OUTPUTS
    for name in OUTPUTS:
        values = [row[name] for row in named]
        for others in ([row[name] for row in bare], columns[name], list_alone[name]):
            assert others == (pytest.approx(values) if name == "score" else values) or name == "probabilities"
    for row in named:
        assert row["classes"] == ["covid", "healthy"]
        assert row["score"] == pytest.approx(row["probabilities"][0])
        assert row["valid"] is True


def test_a_reply_carries_no_version(server: Served, film: bytes) -> None:
    assert list(server.post({"instances": [as_base64(film)]}).json()) == ["predictions"]


def test_a_heat_map_is_base64_because_its_name_says_bytes(server: Served, film: bytes) -> None:
    (row,) = server.post({"signature_name": "explain", "instances": [as_base64(film)]}).json()["predictions"]
    assert base64.b64decode(row["heatmap_png_bytes"]["b64"]).startswith(b"\x89PNG")
    assert 0 <= min(map(min, row["heatmap"])) <= max(map(max, row["heatmap"])) <= 1


def test_one_bad_film_does_not_sink_the_others(server: Served, three_films: list[bytes]) -> None:
    films = [three_films[0], b"no film", three_films[1][:-500], b"", three_films[2]]
    rows = server.post({"instances": [as_base64(film) for film in films]}).json()["predictions"]
    assert [row["valid"] for row in rows] == [True, False, False, False, True]
    assert [row["label"] for row in rows][1:4] == ["invalid"] * 3
    assert "cut off" in rows[2]["error"]


def test_damage_that_only_the_decoder_sees_fails_the_whole_request(server: Served, film: bytes) -> None:
    broken = bytearray(film)
    broken[len(film) // 2 : len(film) // 2 + 20] = bytes(20)
    message = error_of(server.post({"instances": [as_base64(film), as_base64(bytes(broken))]}), 400)
    assert message.startswith("Invalid PNG data, size ")
    assert "Original stack trace" not in message


@pytest.mark.parametrize("change", [lambda text: text.rstrip("="), lambda text: f"{text[:40]}\n{text[40:]}"])
def test_base64_without_padding_or_with_line_breaks_is_read(server: Served, film: bytes, change: Any) -> None:
    text = base64.b64encode(film + b"\0" * (-(len(film) - 1) % 3)).decode()
    assert text.endswith("=")
    assert server.post({"instances": [{"b64": change(text)}]}).status_code == 200


@pytest.mark.parametrize("text", ["%%%", "data:image/png;base64,iVBORw0KGgo=", "ab-_", "a"])
def test_other_base64_is_refused(server: Served, text: str) -> None:
    assert error_of(server.post({"instances": [{"b64": text}]}), 400) == (
        "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: Unable to base64 decode"
    )


@pytest.mark.parametrize(
    "body, message",
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"this is no json", "JSON Parse error: Invalid value. at offset: 0"),
        (b'{"instances": nix}', "JSON Parse error: Invalid value. at offset: 14"),
        (b"[1, 2]", "JSON Value: [1, 2] Is not object"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (b'{"instances": []}', "JSON Value: {\"instances\": []} No values in 'instances' array"),
        (b'{"instances": "x"}', "JSON Value: {\"instances\": \"x\"} Excepting 'instances' to be an list/array"),
        (b'{"instances": [1]}', "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: JSON "
         "Value: 1 Type: Number is not of expected type: string"),
        (b'{"instances": [null]}', "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: JSON "
         "Value: null Type: Null is not of expected type: string"),
        (b'{"instances": [{"image": "x"}]}', "Failed to process element: 0 key: image of 'instances' list. Error: "
         "INVALID_ARGUMENT: JSON object: does not have named input: image"),
        (b'{"instances": [{"b64": 5}]}', "Failed to process element: 0 key: b64 of 'instances' list. Error: "
         "INVALID_ARGUMENT: JSON object: does not have named input: b64"),
        (b'{"instances": [{}]}', "Failed to process element: 0 of 'instances' list. JSON object: {} keys must be equal "
         "to: image_bytes"),
        (b'{"instances": ["x", {"image_bytes": "x"}]}', "Expecting value/list but got object at item 1 of input list"),
        (b'{"instances": ["x", ["x"]]}', "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
         "Expecting shape [] but got: [1]"),
        (b'{"inputs": {"image": ["x"]}}', "Missing named input: image_bytes in 'inputs' object."),
        (b'{"inputs": {"image_bytes": "x"}}', "Tensor must be at least a vector, but saw shape: []"),
        (b'{"inputs": [["x"], "y"]}', 'JSON Value: "y" found at incorrect level: 2 in the JSON DOM. Expected at '
         "level: 2"),
        (b'{"inputs": ["x"], "signature_name": 3}', 'JSON Value: {"inputs": ["x"], "signature_name": 3} not formatted '
         "correctly. 'signature_name' key must be a string value."),
        (b'{"inputs": ["x"], "signature_name": "zzz"}', 'Serving signature name: "zzz" not found in signature def'),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused_in_the_words_of_the_real_server(server: Served, body: bytes, message: str) -> None:
    assert error_of(server.post(body), 400) == message


def test_a_request_of_both_forms_is_repeated_in_the_refusal_but_not_whole(server: Served, film: bytes) -> None:
    """The real server repeats all of it, 124 KB for two films."""
    message = error_of(server.post({"instances": [as_base64(film)], "inputs": [as_base64(film)]}), 400)
    assert message.startswith('JSON Value: {"instances": [{"b64": "')
    assert "only one of 'inputs' or 'instances'" in message
    assert len(message) < 500


def test_an_empty_column_is_refused(server: Served) -> None:
    """The real server runs it, and dies of it where it batches."""
    assert error_of(server.post({"inputs": {"image_bytes": []}}), 400) == (
        "image_bytes is an empty list; send at least one film"
    )


def test_other_keys_and_the_content_type_are_ignored(server: Served, film: bytes) -> None:
    body = json.dumps({"instances": [as_base64(film)], "who": "me"})
    assert server.http.post(PREDICT, content=body, headers={"content-type": "text/plain"}).status_code == 200


def test_chunked_and_gzipped_bodies_are_read(server: Served, film: bytes) -> None:
    body = json.dumps({"instances": [as_base64(film)]}).encode()
    assert server.http.post(PREDICT, content=iter([body[:100], body[100:]])).status_code == 200
    packed = server.http.post(PREDICT, content=gzip.compress(body), headers={"content-encoding": "gzip"})
    assert packed.status_code == 200
    assert "content-encoding" not in packed.headers
    cut = server.http.post(PREDICT, content=gzip.compress(body)[:-9], headers={"content-encoding": "gzip"})
    assert error_of(cut, 400) == "the body is no gzip: it is cut off"


@pytest.mark.parametrize(
    "path, status, message",
    [
        ("/v1/models/nope:predict", 404, "Servable not found for request: Latest(nope)"),
        ("/v1/models/cxr/versions/77:predict", 404, "Servable not found for request: Specific(cxr, 77)"),
        ("/v1/models/cxr/labels/nope:predict", 400, "Unrecognized servable version label: nope"),
        ("/v1/models/cxr:explain", 400, "Malformed request: POST /v1/models/cxr:explain"),
        ("/v1/models/cxr:predict/", 400, "Malformed request: POST /v1/models/cxr:predict/"),
        ("/v1/models/cxr:predict?a=b", 400, "Malformed request: POST /v1/models/cxr:predict?a=b"),
        ("/v1/models/cxr", 400, "Malformed request: POST /v1/models/cxr"),
        (f"/v1/models/cxr/versions/{1 << 63}:predict", 400, f"Failed to convert version: {1 << 63} to numeric."),
        (
            f"/v1/models/cxr/versions/{'9' * 5000}:predict",
            400,
            f"Failed to convert version: {'9' * 300}... to numeric.",
        ),
    ],
)
def test_what_is_not_there_is_refused(server: Served, film: bytes, path: str, status: int, message: str) -> None:
    assert error_of(server.post({"instances": [as_base64(film)]}, path), status) == message


def test_what_is_asked_is_looked_for_before_the_rest_of_the_body_is_read(server: Served) -> None:
    assert error_of(server.post({}, "/v1/models/nope:predict"), 404) == "Servable not found for request: Latest(nope)"


def test_a_version_can_be_asked_by_its_number(server: Served, film: bytes) -> None:
    assert server.post({"instances": [as_base64(film)]}, "/v1/models/cxr/versions/7:predict").status_code == 200


@pytest.mark.parametrize(
    "path, status, message",
    [
        ("/v1/models", 400, "Missing model name in request."),
        (PREDICT, 400, f"Malformed request: GET {PREDICT}"),
        ("/v1/models/nope", 404, "Could not find any versions of model nope"),
        ("/v1/models/cxr/versions/9", 404, "Could not find version 9 of model cxr"),
        ("/v1/models/nope/metadata", 404, "Servable not found for request: Latest(nope)"),
        ("/v1/models/cxr/labels/nope/metadata", 400, "Unrecognized servable version label: nope"),
    ],
)
def test_a_get_that_finds_nothing_says_so(server: Served, path: str, status: int, message: str) -> None:
    assert error_of(server.http.get(path), status) == message


def test_the_status_of_a_model(server: Served) -> None:
    status = {"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("", "/versions/7", "/labels/nope"):  # a label is ignored here, known or not
        reply = server.http.get(f"/v1/models/cxr{path}")
        assert reply.status_code == 200
        assert reply.json() == {"model_version_status": [status]}


def test_the_metadata_of_a_model(server: Served) -> None:
    reply = server.http.get("/v1/models/cxr/versions/7/metadata").json()
    assert reply["model_spec"] == {"name": "cxr", "signature_name": "", "version": "7"}
    signatures = reply["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "explain", "examples", "__saved_model_init_op"} == set(signatures)
    told = signatures["serving_default"]["inputs"]["image_bytes"]
    assert told["dtype"] == "DT_STRING"
    assert told["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}


@pytest.mark.parametrize("path", ["/healthz", "/v2/models", "/nothing"])
def test_an_unknown_path_is_404_in_html(server: Served, path: str) -> None:
    """There is no REST health endpoint."""
    reply = server.http.get(path)
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("text/html")
