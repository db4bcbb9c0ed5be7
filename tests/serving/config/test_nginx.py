"""The proxy between a client and stand-ins for TF Serving: what goes through, what does not, and what it says."""

import base64
import json
import math
import random
import re
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import DecodeError

from cxr_client import CxrClient, Retries
from cxr_client._messages import PredictRequest
from tests.serving.client.conftest import film
from tests.serving.client.stub import StubModel, grpc_server, http_server

MIB = 1 << 20
PREDICT = "/v1/models/cxr:predict"
GRPC_PREDICT = "/tensorflow.serving.PredictionService/Predict"
MUTATIONS = 1000
FILM = '{"instances": [{"b64": "aaaa"}]}'

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("nginx")]


# A PredictRequest by hand: protobuf's wire format, so that malformed ones can be written too.


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _message(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _predict(*dimensions: bytes, films: tuple[bytes, ...] = ()) -> bytes:
    """A request whose image_bytes is a tensor of strings with these dimensions, each as it is written in a Dim."""
    shape = b"".join(_message(2, dimension) for dimension in dimensions)
    tensor = b"\x08\x07" + _message(2, shape) + b"".join(_message(8, film) for film in films)
    return _message(1, _message(1, b"cxr")) + _message(2, _message(1, b"image_bytes") + _message(2, tensor))


ONE_FILM = _predict(b"\x08\x01", films=(b"a film",))


def test_the_configuration_is_valid(nginx: str, lay_out: Callable[..., Path], tmp_path: Path) -> None:
    configuration = lay_out(tmp_path, rest=1, grpc=2, listen_rest=1, listen_grpc=2)
    command = [nginx, "-t", "-c", str(configuration), "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "test is successful" in done.stderr


@pytest.mark.parametrize("target", ["", "/versions/12", "/labels/canary"])
def test_predict_status_and_metadata_go_through_as_they_are(proxy: Any, target: str) -> None:
    assert proxy.ask("POST", f"/v1/models/cxr{target}:predict", FILM)[0] == 200
    assert proxy.ask("GET", f"/v1/models/cxr{target}")[0] == 200
    assert proxy.ask("GET", f"/v1/models/cxr{target}/metadata")[0] == 200
    assert proxy.upstream.requests == [
        ("POST", f"/v1/models/cxr{target}:predict", FILM.encode()),
        ("GET", f"/v1/models/cxr{target}", b""),
        ("GET", f"/v1/models/cxr{target}/metadata", b""),
    ]


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/", 404),
        ("GET", "/v1/models", 404),
        ("GET", "/v1/models/other", 404),
        ("POST", "/v1/models/other:predict", 404),
        ("POST", "/v1/models/cxr:classify", 404),
        ("POST", "/v1/models/cxr:predict/", 404),
        ("POST", "/v1/models/cxr/labels/a%0d%0aX:predict", 404),
        ("GET", "/monitoring/prometheus/metrics", 404),
        ("GET", "/status", 404),
        ("GET", PREDICT, 405),
        ("PUT", PREDICT, 405),
        ("POST", "/v1/models/cxr", 405),
        ("DELETE", "/v1/models/cxr/versions/1", 405),
        ("OPTIONS", "/v1/models/cxr", 405),
        ("POST", "/healthz", 405),
    ],
)
def test_another_path_or_method_goes_no_further(proxy: Any, method: str, path: str, status: int) -> None:
    answered, headers, body = proxy.ask(method, path, FILM if method == "POST" else None)
    assert (answered, headers["Content-Type"]) == (status, "application/json")
    assert list(json.loads(body)) == ["error"]
    assert proxy.upstream.requests == []


@pytest.mark.parametrize(
    "body",
    [
        '{"instances": []}',
        '{"instances":[ \n\t\r]}',
        '{"inputs": {"image_bytes": []}}',
        '{"inputs": [[], []]}',
        '{"signature_name": "explain", "inputs": []}',
        '{"instances": [%s]}' % (" " * 1000),
    ],
)
def test_an_empty_list_goes_no_further(proxy: Any, body: str) -> None:
    status, headers, reply = proxy.ask("POST", PREDICT, body)
    assert (status, headers["Content-Type"]) == (400, "application/json")
    assert json.loads(reply) == {"error": "an empty list; send at least one film"}
    assert proxy.upstream.requests == []


@pytest.mark.parametrize(
    "note", ["a [] b", '\\"[]', '\\\\\\"[ ]', "{[[", "\\u005b]", "x", ":[]", "[]" * 5000], ids=lambda note: note[:8]
)
def test_brackets_in_a_string_are_no_list(proxy: Any, note: str) -> None:
    body = f'{{"note": "{note}", "instances": [{{"b64": "aaaa"}}]}}'
    json.loads(body)
    assert proxy.ask("POST", PREDICT, body)[0] == 200
    assert [received for _, _, received in proxy.upstream.requests] == [body.encode()]


@pytest.mark.parametrize("note", ["a [] b", '\\"', "\\\\", '\\\\\\"'])
def test_an_empty_list_behind_a_string_goes_no_further(proxy: Any, note: str) -> None:
    body = f'{{"note": "{note}", "instances": []}}'
    json.loads(body)
    status, _, reply = proxy.ask("POST", PREDICT, body)
    assert (status, json.loads(reply)["error"]) == (400, "an empty list; send at least one film")
    assert proxy.upstream.requests == []


@pytest.mark.parametrize("form", ["rows", "named rows", "columns", "plain"])
def test_64_films_are_let_through_and_no_more(proxy: Any, form: str) -> None:
    def body(count: int) -> str:
        value = {"b64": "aaaa"}
        request: dict[str, Any] = {
            "rows": {"instances": [value] * count},
            "named rows": {"instances": [{"image_bytes": value}] * count},
            "columns": {"inputs": {"image_bytes": [value] * count}},
            "plain": {"inputs": ["aaaa"] * count},
        }[form]
        return json.dumps({"signature_name": "explain", **request}, indent=4)

    assert proxy.ask("POST", PREDICT, body(64))[0] == 200
    status, _, reply = proxy.ask("POST", PREDICT, body(65))
    assert (status, json.loads(reply)["error"]) == (400, "more than 64 films; send fewer films at once")
    assert len(proxy.upstream.requests) == 1


@pytest.mark.parametrize(
    "body, reason",
    [
        ("[" + "1," * (10 * MIB), "more than 65536 bytes outside of strings; send films as strings"),
        ('["' + '\\"' * (10 * MIB), "more than 4096 backslashes at quotes; send films in base64"),
        ('["', "a string without an end"),
    ],
    ids=["numbers", "escapes", "open string"],
)
def test_json_that_takes_long_to_look_through_is_refused_at_once(proxy: Any, body: str, reason: str) -> None:
    start = time.perf_counter()
    status, _, reply = proxy.ask("POST", PREDICT, body)
    assert (status, json.loads(reply)["error"]) == (400, reason)
    assert time.perf_counter() - start < 5
    assert proxy.upstream.requests == []


def test_an_empty_list_in_chunks_goes_no_further(proxy: Any) -> None:
    with socket.create_connection(("127.0.0.1", proxy.rest), timeout=10) as connection:
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + b'f\r\n{"instances": [\r\n')
        time.sleep(0.1)
        connection.sendall(b"2\r\n]}\r\n0\r\n\r\n")
        reply = connection.makefile("rb").read()
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert proxy.upstream.requests == []


def test_a_packed_body_which_hides_a_list_goes_no_further(proxy: Any) -> None:
    status, _, reply = proxy.ask("POST", PREDICT, b"\x1f\x8b", Content_Encoding="gzip")
    assert (status, json.loads(reply)["error"]) == (415, "Content-Encoding gzip is not taken; send plain JSON")
    assert proxy.upstream.requests == []


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_json_of_any_depth_is_refused_at_once(proxy: Any, bracket: str) -> None:
    start = time.perf_counter()
    status, _, reply = proxy.ask("POST", PREDICT, bracket * (20 * MIB // len(bracket)))
    assert status == 400
    assert "more than 4096 lists and objects" in json.loads(reply)["error"]
    assert time.perf_counter() - start < 5
    assert proxy.upstream.requests == []


def test_a_request_that_is_nearly_too_large_goes_through_whole(proxy: Any) -> None:
    body = '{"instances": [{"b64": "%s"}]}' % ("a" * (32 * MIB - 100))
    assert proxy.ask("POST", PREDICT, body)[0] == 200
    ((_, _, received),) = proxy.upstream.requests
    assert received == body.encode()


def test_a_request_that_is_too_large_is_refused_before_it_is_sent(proxy: Any) -> None:
    with socket.create_connection(("127.0.0.1", proxy.rest), timeout=10) as connection:
        connection.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: {300 * MIB}\r\n\r\n".encode())
        reply = connection.recv(10_000)
    assert reply.startswith(b"HTTP/1.1 413 ")
    assert b'{"error": "more than 32 MiB; send fewer films at once"}' in reply
    assert proxy.upstream.requests == []


def test_a_client_that_sends_nothing_more_is_let_go(proxy: Any) -> None:
    with socket.create_connection(("127.0.0.1", proxy.rest), timeout=30) as connection:
        start = time.perf_counter()
        connection.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[".encode())
        reply = connection.makefile("rb").read()
    assert 1 < time.perf_counter() - start < 10
    assert reply == b"" or reply.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_does_not_end_its_header_is_let_go(proxy: Any) -> None:
    with socket.create_connection(("127.0.0.1", proxy.rest), timeout=30) as connection:
        start = time.perf_counter()
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        reply = connection.makefile("rb").read()
    assert 1 < time.perf_counter() - start < 10
    assert reply == b"" or reply.startswith(b"HTTP/1.1 408 ")


def test_an_answer_that_takes_too_long_is_waited_for_no_longer(proxy: Any) -> None:
    proxy.upstream.seconds = 6
    with futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(proxy.ask, "POST", PREDICT, FILM)
        with pytest.raises(grpc.RpcError) as caught:
            proxy.call(GRPC_PREDICT, ONE_FILM)
        status, _, reply = asked.result()
    assert (status, json.loads(reply)) == (504, {"error": "the model server took too long"})
    refusal = (grpc.StatusCode.DEADLINE_EXCEEDED, "the model server took too long")
    assert (caught.value.code(), caught.value.details()) == refusal


def test_a_server_that_is_away_is_said_to_be(start: Any, tmp_path: Path) -> None:
    with start(tmp_path, 1, 1, None) as proxy:
        status, headers, reply = proxy.ask("POST", PREDICT, FILM)
        assert (status, json.loads(reply)) == (502, {"error": "the model server does not answer"})
        assert headers["Content-Type"] == "application/json"
        assert proxy.ask("GET", "/healthz")[::2] == (503, b"no version is available\n")
        with pytest.raises(grpc.RpcError) as caught:
            proxy.call(GRPC_PREDICT, ONE_FILM)
    assert (caught.value.code(), caught.value.details()) == (
        grpc.StatusCode.UNAVAILABLE,
        "the model server does not answer",
    )


def test_healthz_is_well_while_a_version_is_available(proxy: Any) -> None:
    assert proxy.ask("GET", "/healthz")[::2] == (200, b"ok\n")
    proxy.upstream.status = {"model_version_status": [{"version": "1", "state": "END"}]}
    assert proxy.ask("GET", "/healthz")[::2] == (503, b"no version is available\n")


def test_one_address_has_16_requests_at_once_and_health_beside_them(proxy: Any) -> None:
    proxy.upstream.seconds = 2
    with futures.ThreadPoolExecutor(24) as pool:
        asked = [pool.submit(proxy.ask, "POST", PREDICT, FILM) for _ in range(24)]
        time.sleep(1)
        assert proxy.ask("GET", "/healthz")[0] == 200
    answers = sorted(future.result()[0] for future in asked)
    assert answers == [200] * 16 + [429] * 8


def test_one_connection_carries_any_number_of_requests(proxy: Any) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{proxy.grpc}") as channel:
        ask = channel.unary_unary(GRPC_PREDICT)
        for _ in range(2500):  # nginx ends a connection after 1000, in good order
            assert ask(ONE_FILM, timeout=30) == GRPC_PREDICT.encode()


def test_one_address_has_16_grpc_requests_at_once(proxy: Any) -> None:
    proxy.upstream.seconds = 2
    with grpc.insecure_channel(f"127.0.0.1:{proxy.grpc}") as channel:
        asked = [channel.unary_unary(GRPC_PREDICT).future(ONE_FILM, timeout=30) for _ in range(24)]
        codes = sorted(future.code().name for future in asked)
        refused = {future.details() for future in asked if future.code() is grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes == ["OK"] * 16 + ["RESOURCE_EXHAUSTED"] * 8
    assert refused == {"too many requests at once; try again"}


def test_a_grpc_request_goes_through_as_it_is(proxy: Any) -> None:
    assert proxy.call(GRPC_PREDICT, ONE_FILM) == GRPC_PREDICT.encode()
    assert proxy.upstream.messages == [(GRPC_PREDICT, ONE_FILM)]


def test_a_large_grpc_request_goes_through_as_it_is(proxy: Any) -> None:
    message = _predict(b"\x08\x02", films=(b"a" * (15 * MIB), b"b" * (15 * MIB)))
    assert proxy.call(GRPC_PREDICT, message) == GRPC_PREDICT.encode()
    assert proxy.upstream.messages == [(GRPC_PREDICT, message)]


@pytest.mark.parametrize(
    "method",
    [
        "/tensorflow.serving.PredictionService/GetModelMetadata",
        "/tensorflow.serving.ModelService/GetModelStatus",
        "/grpc.health.v1.Health/Check",
    ],
)
def test_what_asks_about_the_model_goes_through(proxy: Any, method: str) -> None:
    assert proxy.call(method, b"") == method.encode()


@pytest.mark.parametrize(
    "method",
    [
        "/tensorflow.serving.ModelService/HandleReloadConfigRequest",
        "/tensorflow.serving.PredictionService/Classify",
        "/tensorflow.serving.PredictionService/MultiInference",
        "/tensorflow.serving.SessionService/SessionRun",
    ],
)
def test_another_method_goes_no_further(proxy: Any, method: str) -> None:
    assert _refusal(proxy, method, ONE_FILM) == (grpc.StatusCode.UNIMPLEMENTED, "this method is not served here")


@pytest.mark.parametrize(
    "message",
    [
        _predict(b"\x08\x00"),
        _predict(b""),  # a size that is left out is 0
        _predict(b"\x08\x80\x00"),  # 0 in two bytes
        _predict(b"\x08\x01\x08\x00"),  # the last size counts
        _predict(b"\x08\x01", b"\x08\x00", films=(b"a film",)),
        _message(15, b"unknown" * 100) + _predict(b"\x08\x00"),
        _predict(b"\x08\x00").replace(b"\x12\x17", b"\x92\x80\x80\x80\x10\x17", 1),
        _predict(*[b"\x08" + b"\xff" * 8 + b"\x7f"] * 20, b"\x08\x00"),
    ],
    ids=[
        "zero",
        "left out",
        "two bytes",
        "twice",
        "second dimension",
        "after unknown fields",
        "tag beyond 32 bits",
        "after an infinity",
    ],
)
def test_an_empty_tensor_goes_no_further(proxy: Any, message: bytes) -> None:
    refusal = (grpc.StatusCode.INVALID_ARGUMENT, "a tensor with a dimension of 0; send at least one film")
    assert _refusal(proxy, GRPC_PREDICT, message) == refusal


@pytest.mark.parametrize(
    "message, reason",
    [
        (_predict(b"\x08" + b"\x80" * 9 + b"\x02"), "a number that is too long"),  # 2 ** 64: 0 to a parser of 64 bits
        (_predict(b"\x08\x01")[:-1], "a message that ends too early"),
        (b"\x13\x14", "protobuf's wire type 3, which no client sends"),
        (b"\x08\x01" * 5000, "more than 4096 fields; send fewer films at once"),
        (_predict(b"\x08\x80\x80\x80\x80\x10"), "more than 64 films; send fewer films at once"),
        (_predict(b"\x08\x7f", b"\x08\x7f"), "more than 64 films; send fewer films at once"),
        (_predict(b"\x08\x41", films=(b"a film",) * 65), "more than 64 films; send fewer films at once"),
        # TensorFlow would fill it up with 63 copies of the film.
        (_predict(b"\x08\x40", films=(b"a film",)), "a tensor whose shape is not the number of its strings"),
        (_predict(b"\x08\x01", films=(b"a film",) * 2), "a tensor whose shape is not the number of its strings"),
        (_predict(b"\x08\x01"), "a tensor whose shape is not the number of its strings"),
        (_message(2, _message(1, b"image_bytes")), "a tensor of another type than strings; send films as they are in"),
        (
            ONE_FILM.replace(b"\x08\x07", b"\x08\x15"),
            "a tensor of another type than strings; send films as they are in",
        ),
        (ONE_FILM + _predict(b"\x08\x00"), "more than one tensor or shape; send one"),  # the second map entry wins
        (
            _message(2, _message(2, b"\x08\x07") * 2),
            "more than one tensor or shape; send one",
        ),
        (_message(2, _message(2, _message(2, b"") * 2)), "more than one tensor or shape; send one"),
    ],
    ids=[
        "2 ** 64",
        "cut off",
        "group",
        "many fields",
        "2 ** 32 values",
        "127 x 127 values",
        "65 films",
        "a string for 64",
        "a string too many",
        "no string",
        "no value",
        "variants",
        "second entry",
        "second tensor",
        "second shape",
    ],
)
def test_a_message_that_a_client_does_not_write_goes_no_further(proxy: Any, message: bytes, reason: str) -> None:
    code, said = _refusal(proxy, GRPC_PREDICT, message)
    assert (code, said[: len(reason)]) == (grpc.StatusCode.INVALID_ARGUMENT, reason)


def test_64_films_in_one_message_are_let_through(proxy: Any) -> None:
    message = _predict(b"\x08\x40", films=(b"a film",) * 64)
    assert proxy.call(GRPC_PREDICT, message) == GRPC_PREDICT.encode()


def test_no_mutation_makes_an_empty_tensor_or_a_shape_to_fill_slip_through(proxy: Any) -> None:
    """Judged by protobuf's own C++ parser, which is what the server has."""
    draw = random.Random(7)
    dims = {b"\x08\x00": 0, b"": 0, b"\x08\x01": 1, b"\x08\x02": 2, b"\x08\x84\x00": 4, b"\x12\x01n\x08\x03": 3}
    refused = 0
    with grpc.insecure_channel(f"127.0.0.1:{proxy.grpc}") as channel:
        ask = channel.unary_unary(GRPC_PREDICT)
        for _ in range(MUTATIONS):
            try:
                shape = draw.choices(list(dims), k=draw.randint(1, 2))
                count = math.prod(dims[size] for size in shape)
                message = _predict(*shape, films=(b"a film",) * max(count, 1))
                ask(_mutated(message, draw), timeout=30)
            except grpc.RpcError as error:
                refused += "dimension of 0" in error.details()
    understood = 0
    for _, message in proxy.upstream.messages:
        try:
            request = PredictRequest.FromString(message)
        except (DecodeError, SystemError):  # the latter where a name is no UTF-8
            continue
        understood += bool(request.inputs)
        for entry in request.inputs:
            count = math.prod(dim.size for dim in entry.value.tensor_shape.dim)
            assert 0 < count == len(entry.value.string_val) <= 64, message
            assert entry.value.dtype == 7
    assert min(refused, understood) > 20  # most mutations are no message any more


def _mutated(message: bytes, draw: random.Random) -> bytes:
    data = bytearray(message)
    for _ in range(draw.randint(1, 2)):
        at, end = sorted(draw.randint(0, len(data)) for _ in range(2))
        match draw.randrange(4):
            case 0:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                data[at:at] = draw.choice([b"\x80", b"\x00", b"\x08\x00", b"\x12\x00", bytes([draw.randrange(256)])])
            case 2:
                del data[at : min(end, at + 3)]
            case 3:
                data[at:at] = data[at:end]
    return bytes(data)


def test_a_packed_message_goes_no_further(proxy: Any) -> None:
    code, reason = _refusal(proxy, GRPC_PREDICT, ONE_FILM * 100, compression=grpc.Compression.Gzip)
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "a compressed message; send it uncompressed")


def test_a_grpc_message_that_is_too_large_goes_no_further(proxy: Any) -> None:
    code, reason = _refusal(proxy, GRPC_PREDICT, _predict(b"\x08\x01", films=(bytes(33 * MIB),)))
    assert (code, reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "more than 32 MiB; send fewer films at once")


def _refusal(proxy: Any, method: str, message: bytes, **options: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        proxy.call(method, message, **options)
    assert proxy.upstream.messages == []
    return caught.value.code(), caught.value.details()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_the_client_gets_every_answer_through_the_proxy(start: Any, tmp_path: Path, protocol: str) -> None:
    model = StubModel()
    films = [film(level) for level in (20, 200, 90)] * 30
    with (
        http_server(model) as rest_port,
        grpc_server(model) as grpc_port,
        start(tmp_path, rest_port, grpc_port, None) as proxy,
        futures.ThreadPoolExecutor(24) as pool,
    ):
        address = f"{protocol}://127.0.0.1:{proxy.rest if protocol == 'http' else proxy.grpc}"

        def labels(films: list[bytes]) -> list[str]:
            with CxrClient(address, retries=Retries(attempts=20)) as client:  # 24 at once are more than 16
                return [prediction.label for prediction in client.predict(films)]

        answers = list(pool.map(labels, [films] * 24))
    assert answers == [["healthy", "covid", "healthy"] * 30] * 24


def test_every_curl_command_of_the_docs_is_answered(proxy: Any, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "deploy.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```console\n(.*?)```", page, re.S) for line in block.splitlines()]
    asked = [command for command in commands if "curl" in command]
    (tmp_path / "film.png").write_bytes(bytes(range(256)) * 1000)
    for command in asked:
        here = command.replace("localhost:8501", f"127.0.0.1:{proxy.rest}")
        done = subprocess.run(["bash", "-c", here], cwd=tmp_path, capture_output=True, check=False, timeout=30)
        assert done.returncode == 0, f"{command}\n{done.stderr.decode()}"
    assert [path for _, path, _ in proxy.upstream.requests] == [
        "/v1/models/cxr",
        "/v1/models/cxr",
        "/v1/models/cxr/metadata",
        "/v1/models/cxr:predict",
        "/v1/models/cxr/labels/stable:predict",
    ]
    film = base64.b64encode(bytes(range(256)) * 1000).decode()
    assert json.loads(proxy.upstream.requests[-1][2]) == {"instances": [{"b64": film}]}
