"""A web server of one file, with the moods that servers have, and archives of a small collection."""

import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.fetch.collections import Collection


@dataclass
class Served:
    """One file under any path, and how it is served.

    Attributes:
        body: The file.
        ranges: Whether ``Range`` is understood.
        etag: Sent if not empty.
        drop_after: Bytes after which the connection is dropped, once per entry.
        statuses: Sent instead of the file, one per request.
        content_type: Of the file.
        with_length: Whether Content-Length is sent.
        asked: The ``Range`` of every request, "" for none.
    """

    body: bytes
    ranges: bool = True
    etag: str = '"one"'
    drop_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    content_type: str = "application/gzip"
    with_length: bool = True
    asked: list[str] = field(default_factory=list)
    url: str = ""


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            served.asked.append(wanted)
            if served.statuses:
                self.send_response(served.statuses.pop(0))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = 0
            if wanted and served.ranges and self.headers.get("If-Range") == served.etag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
            size = len(served.body)
            if start >= size > 0:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            if served.etag:
                self.send_header("ETag", served.etag)
            self.send_header("Content-Type", served.content_type)
            if served.with_length:
                self.send_header("Content-Length", str(size - start))
            self.end_headers()
            end = start + served.drop_after.pop(0) if served.drop_after else size
            self.wfile.write(served.body[start:end])

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts a server for one file."""
    servers = []

    def start(body: bytes, **moods: object) -> Served:
        served = Served(body, **moods)  # type: ignore[arg-type]
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        served.url = f"http://127.0.0.1:{server.server_port}/collection.tar.gz"
        return served

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def files() -> dict[str, bytes]:
    """Name -> bytes of a small collection."""
    return {
        "metadata.csv": b"patientid,finding,view,filename\n1,COVID-19,PA,a b@2x.png\n",
        "images/a b@2x.png": bytes(range(256)) * 40,
        "images/\u00e9.jpg": b"no film",
        "README.md": b"",
    }


@pytest.fixture
def pack() -> Callable[..., bytes]:
    """A tar archive as GitHub packs it: one folder on top, the commit as a comment."""

    def pack(files: dict[str, bytes], top: str = "small-master/", commit: str = "c0ffee") -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz", pax_headers={"comment": commit}) as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(top + name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return buffer.getvalue()

    return pack


@pytest.fixture
def small() -> Collection:
    """That collection, with no place of its own to be fetched from."""
    return Collection(
        name="small",
        title="A small collection",
        folder="small",
        page="https://example.org/small",
        licence="CC0",
        licence_link="https://example.org/licence",
        citation="A small collection, 2020",
        needs=("metadata.csv", "images"),
        max_bytes=1 << 20,
        source="{kind: ieee8023, name: small, path: small}",
        by_hand="ask for it",
    )
