"""What an attacker or a broken client sends: a clear refusal, and the server lives in bounded memory."""

import gzip
import io
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from PIL import Image

from serving.server import http_protocol
from serving.server.configuration import FolderSource
from serving.server.limits import Limits

from .conftest import Running, Served, as_base64, encoded, request_of

MB = 1 << 20
SMALL = Limits(
    body_bytes=2 * MB, bodies_bytes=5 * MB, film_pixels=1_000_000, decoding_pixels=2_000_000, seconds_to_send=0.5,
    threads=1, waiting=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def strict(run_server: Running, model_folder: Path) -> Iterator[Served]:
    """A server with small limits, so that small tests reach them."""
    with run_server(FolderSource(model_folder.parent), SMALL) as served:
        served.wait_for(lambda: served.states().get("7") == "AVAILABLE")
        yield served


@pytest.fixture(autouse=True)
def _lives_on_in_bounded_memory(strict: Served, film: bytes) -> Iterator[None]:
    before = psutil.Process().memory_info().rss
    yield
    assert strict.post({"instances": [as_base64(film)]}).status_code == 200
    assert strict.predict(film).outputs["valid"].bool_val[0]
    assert psutil.Process().memory_info().rss - before < 100 * MB


def refusal(served: Served, *films: bytes) -> str:
    """The same over both protocols."""
    reply = served.post({"instances": [as_base64(film) for film in films]})
    assert reply.status_code == 400, reply.text
    with pytest.raises(grpc.RpcError) as raised:
        served.predict(*films)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert raised.value.details() == reply.json()["error"]
    message: str = reply.json()["error"]
    return message


def png_header(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_body_of_300_megabytes_is_refused_before_it_is_read(strict: Served) -> None:
    """The real server reads all of it."""

    def body() -> Iterator[bytes]:
        yield from (b" " * MB for _ in range(300))

    told = strict.http.post("/v1/models/cxr:predict", content=body(), headers={"content-length": str(300 * MB)})
    assert (told.status_code, told.json()["error"]) == (
        413, f"the body is larger than {2 * MB} bytes; send fewer films in one request"
    )  # fmt: skip
    unannounced = strict.http.post("/v1/models/cxr:predict", content=body())
    assert unannounced.status_code == 413


def test_a_message_larger_than_a_body_may_be_is_refused(strict: Served) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        strict.predict(bytes(3 * MB))
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in raised.value.details()


def test_a_gzip_bomb_is_refused_at_the_size_of_a_body(strict: Served) -> None:
    bomb = gzip.compress(bytes(100 * MB))
    reply = strict.http.post("/v1/models/cxr:predict", content=bomb, headers={"content-encoding": "gzip"})
    assert reply.status_code == 413


def test_a_bomb_of_a_png_is_refused_by_its_header(strict: Served) -> None:
    bomb = png_header(50_000, 50_000, zlib.compress(bytes(50_000 * 2000)))
    assert len(bomb) < MB
    assert refusal(strict, bomb) == (
        "image_bytes[0] is a film of 50000 x 50000 px; at most 1000000 pixels and 20000 px on a side are read"
    )


def test_a_bomb_is_named_by_its_index(strict: Served, film: bytes) -> None:
    assert refusal(strict, film, film, png_header(2000, 2000)).startswith("image_bytes[2] is a film of 2000 x 2000 px")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF"])
@pytest.mark.parametrize("size", [(1, 25_000), (1500, 1000)])
def test_strips_and_large_films_of_every_format_are_refused(strict: Served, kind: str, size: tuple[int, int]) -> None:
    assert f"{size[0]} x {size[1]} px" in refusal(strict, encoded(Image.new("L", size), kind))


def test_a_strip_of_100_000_pixels_is_refused_by_the_usual_limits(server: Served) -> None:
    assert "100000 x 1 px" in refusal(server, encoded(Image.new("L", (100_000, 1))))


def test_an_animation_is_refused_by_all_its_frames(strict: Served) -> None:
    """The decoder unpacks them all, although it uses one."""
    first, *others = [Image.new("L", (400, 400), grey) for grey in range(0, 100, 10)]
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=others)
    assert "pixels in all frames" in refusal(strict, stream.getvalue())


def test_a_jpeg_of_hundreds_of_scans_is_refused(strict: Served) -> None:
    film = encoded(Image.new("RGB", (900, 900)), "JPEG", progressive=True)
    last = film[film.rindex(b"\xff\xda") : -2]
    message = refusal(strict, film[:-2] + last * 300 + film[-2:])
    assert message == "image_bytes[0] is a JPEG of 310 scans; at most 100 are read"


def test_many_large_films_are_refused_together(strict: Served) -> None:
    films = [encoded(Image.new("L", (900, 900))) for _ in range(4)]
    assert refusal(strict, *films).startswith("3240000 pixels to decode at once; at most 2000000 are")


def test_10_000_empty_films_are_refused(server: Served) -> None:
    assert refusal(server, *[b""] * 10_000) == "Task size 10000 is larger than maximum input batch size 64"


@pytest.mark.parametrize("depth", [500, 100_000])
@pytest.mark.parametrize("marks", ["[]", '{"a":}'])
def test_deep_json_is_refused(strict: Served, depth: int, marks: str) -> None:
    half = len(marks) // 2 if marks == "[]" else 5
    opened, closed = marks[:half] * depth, marks[half:] * depth
    reply = strict.post('{"instances": ' + opened + "1" + closed + "}")
    assert reply.status_code == 400
    assert len(reply.text) < 1000


@pytest.mark.parametrize("depth", [500, 900, 100_000])
def test_lists_all_the_way_down_are_refused(strict: Served, depth: int) -> None:
    reply = strict.post("[" * depth + "]" * depth)
    assert reply.status_code == 400
    assert len(reply.text) < 1000


def test_json_of_millions_of_parts_is_refused(strict: Served) -> None:
    reply = strict.post('{"instances": [' + "[]," * 500_000 + "1]}")
    assert reply.json()["error"].startswith("JSON Parse error: 1000002 objects, lists and commas; at most 1000000")


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\xff", b'{"instances": [' + b"9" * 10_000 + b"]}", b'{"instances": [NaN]}',
        b'{"instances": {"a": 1}}', b'{"instances": [{"\\ud800": 1}]}', b'{"inputs": {"\\ud800": ["x"]}}',
        b'{"instances": ["x"], "signature_name": "\\ud800"}', b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"instances": ' + b"[" * 33 + b'"x"' + b"]" * 33 + b"}",
        b'{"inputs": ' + b"[" * 32 + b'"x"' + b"]" * 32 + b"}",
        b'{"instances": true}', b'{"inputs": null}', b'{"inputs": {"image_bytes": {"b64": []}}}',
        b'{"inputs": "\\ud800"}',
        b'{"instances": ["\\u0000"], "signature_name": []}', b'{"inputs": [[[]], []]}',
    ],
)  # fmt: skip
def test_wrong_types_are_refused(strict: Served, body: bytes) -> None:
    reply = strict.post(body)
    assert reply.status_code == 400
    assert reply.json()["error"]


@pytest.mark.parametrize("shape", [[1 << 40], [-1], [2], [1 << 31, 1 << 31]])
@pytest.mark.parametrize("kind", ["string", "float"])
def test_a_tensor_that_promises_more_than_it_carries_is_refused(
    strict: Served, film: bytes, shape: list[int], kind: str
) -> None:
    request = request_of(film)
    tensor = request.inputs["image_bytes"]
    if kind == "float":
        tensor.Clear()
        tensor.dtype = 1
        tensor.float_val.append(1)
    del tensor.tensor_shape.dim[:]
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    with pytest.raises(grpc.RpcError) as raised:
        strict.predictions.Predict(request)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_client_that_sends_too_slowly_is_told_so(strict: Served) -> None:
    with socket.create_connection(("127.0.0.1", strict.rest_port)) as slow:
        slow.sendall(b"POST /v1/models/cxr:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        slow.settimeout(10)
        reply = b"".join(iter(lambda: slow.recv(4096), b""))  # the server ends the connection
    assert b"408" in reply.partition(b"\r\n")[0]
    assert b"did not come within 0.5 s" in reply


def test_a_slow_client_holds_up_nobody(strict: Served, film: bytes) -> None:
    clients = [socket.create_connection(("127.0.0.1", strict.rest_port)) for _ in range(50)]
    for client in clients:
        client.sendall(b"POST /v1/models/cxr:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
    begun = time.monotonic()
    assert strict.post({"instances": [as_base64(film)]}).status_code == 200
    assert time.monotonic() - begun < 5
    for client in clients:
        client.close()


def test_bodies_that_do_not_fit_into_memory_together_are_told_to_come_again(strict: Served) -> None:
    clients = [socket.create_connection(("127.0.0.1", strict.rest_port)) for _ in range(4)]
    for client in clients:
        client.sendall(b"POST /v1/models/cxr:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n")
    threads = [threading.Thread(target=client.sendall, args=(bytes(1_900_000),)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    replies = []
    for client in clients:
        client.settimeout(10)
        replies.append(client.recv(4096).partition(b"\r\n")[0])
        client.close()
    assert any(b"503" in reply for reply in replies)


def test_more_requests_than_may_wait_are_refused(strict: Served, film: bytes) -> None:
    """The real server says so over gRPC; its REST lets any number wait."""
    calls = [strict.predictions.Predict.future(request_of(*[film] * 60, signature="explain")) for _ in range(30)]
    codes = [call.code() for call in calls]
    assert grpc.StatusCode.OK in codes
    exhausted = [call for call, code in zip(calls, codes, strict=True) if code is not grpc.StatusCode.OK]
    assert {call.code() for call in exhausted} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert any(call.details() == "Server Threadpool Exhausted" for call in exhausted)


def test_a_request_that_takes_too_long_and_a_client_that_never_begins(
    run_server: Running, model_folder: Path, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is the real server's 504, which it sends when the work is done."""
    monkeypatch.setattr(http_protocol, "SECONDS_TO_BEGIN", 0.1)
    with run_server(FolderSource(model_folder.parent), Limits(seconds_to_answer=1e-4)) as served:
        served.wait_for(lambda: served.states().get("7") == "AVAILABLE")
        reply = served.post({"instances": [as_base64(film)]})
        assert (reply.status_code, reply.json()) == (504, {"error": "Timed out waiting for notification"})
        with socket.create_connection(("127.0.0.1", served.rest_port)) as silent:
            silent.sendall(b"POST /v1/mod")
            silent.settimeout(10)
            assert silent.recv(100) == b""
        with socket.create_connection(("127.0.0.1", served.rest_port)) as kept:
            kept.settimeout(10)
            kept.sendall(b"GET /cxr/page.css HTTP/1.1\r\nhost: x\r\n\r\n")
            time.sleep(0.2)  # longer than a header may take, and nobody's fault: nothing has begun
            assert kept.recv(1 << 16).startswith(b"HTTP/1.1 200")
            kept.sendall(b"GET /v1/mod")
            assert kept.recv(100) == b""
        reply = served.post(film, "/cxr/film?model=cxr")
        assert (reply.status_code, reply.json()) == (504, {"error": "Timed out waiting for notification"})


def test_a_film_as_a_key_or_a_name_does_no_harm(strict: Served) -> None:
    assert strict.post(json.dumps({"instances": [{"x" * 100_000: 1}]})).status_code == 400
    assert strict.http.get("/v1/models/" + "x" * 10_000).status_code == 404
    assert strict.http.get("/v1/models/..%2f..%2fetc").status_code in (400, 404)
