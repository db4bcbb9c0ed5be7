"""nginx as it is delivered, where it is installed, between a client and stand-ins for TF Serving."""

import getpass
import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest

CONFIG = Path(__file__).parents[3] / "serving" / "config"
MODULE = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")
AVAILABLE = {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}


@dataclass
class Upstream:
    """What reached the stand-ins for TF Serving."""

    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: dict[str, Any] = field(default_factory=lambda: AVAILABLE)
    seconds: float = 0.0


@dataclass(frozen=True)
class Proxy:
    rest: int
    grpc: int
    upstream: Upstream

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.rest, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def call(self, method: str, message: bytes, **options: Any) -> bytes:
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc}") as channel:
            return channel.unary_unary(method)(message, timeout=30, **options)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def nginx() -> str:
    """The program, which needs its JavaScript module."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if found is None or not MODULE.is_file():
        pytest.skip("nginx with its JavaScript module is not here: apt-get install nginx libnginx-mod-http-js")
    return found


@pytest.fixture(scope="session")
def lay_out() -> Callable[..., Path]:
    """The delivered configuration with this machine's ports and a folder of its own for what nginx writes.

    `tls` and `keys` are the folders that are mounted with TLS and with API keys; None is without.
    """

    def write(
        folder: Path,
        *,
        rest: int,
        grpc: int,
        listen_rest: int,
        listen_grpc: int,
        tls: Path | None = None,
        keys: Path | None = None,
    ) -> Path:
        mounted = [CONFIG / name for name in ("nginx.conf", "guard.js", "rest_port.conf", "grpc_port.conf")]
        mounted += [CONFIG / "tls" / name for name in ("rest_port.conf", "grpc_port.conf", "tls.conf") if tls]
        mounted += [CONFIG / "keys" / name for name in ("keys.conf", "keys.js") if keys]
        texts = {file.name: file.read_text(encoding="utf-8") for file in mounted}
        for name, given, here in (
            ("nginx.conf", "server tensorflow:8501;", f"server 127.0.0.1:{rest};"),
            ("nginx.conf", "server tensorflow:8500;", f"server 127.0.0.1:{grpc};"),
            ("rest_port.conf", "listen 8501", f"listen 127.0.0.1:{listen_rest}"),
            ("grpc_port.conf", "listen 8500", f"listen 127.0.0.1:{listen_grpc}"),
            # Waiting is tried out in less time than is delivered.
            ("nginx.conf", "client_header_timeout 10s;", "client_header_timeout 2s;"),
            ("nginx.conf", "client_body_timeout 10s;", "client_body_timeout 2s;"),
            ("nginx.conf", "proxy_read_timeout 60s;", "proxy_read_timeout 4s;"),
            ("nginx.conf", "grpc_read_timeout 60s;", "grpc_read_timeout 4s;"),
        ):
            assert texts[name].count(given) == 1, given
            texts[name] = texts[name].replace(given, here)
        for name, given, there in (
            ("nginx.conf", "/tmp/", folder),
            ("tls.conf", "/tls/", tls),
            ("keys.js", "/keys/", keys),
        ):
            if name in texts:
                assert given in texts[name]
                texts[name] = texts[name].replace(given, f"{there}/")
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder / "nginx.conf"

    return write


@pytest.fixture(scope="session")
def start(nginx: str, lay_out: Callable[..., Path]) -> Callable[..., AbstractContextManager[Proxy]]:
    """Runs nginx between two free ports and the ports of an upstream."""

    @contextmanager
    def run(folder: Path, rest: int, grpc: int, upstream: Upstream, **access: Path) -> Iterator[Proxy]:
        proxy = Proxy(_free(), _free(), upstream)
        ports = {"rest": rest, "grpc": grpc, "listen_rest": proxy.rest, "listen_grpc": proxy.grpc}
        configuration = lay_out(folder, **ports, **access)
        with (folder / "log").open("wb") as log:
            # As in the container the workers are who the master is, and read what it reads.
            settings = f"daemon off; user {getpass.getuser()};"
            command = [nginx, "-c", str(configuration), "-p", str(folder), "-g", settings]
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", proxy.rest)) == 0:
                        break
                time.sleep(0.05)
            yield proxy
        finally:
            process.terminate()
            process.wait(timeout=30)

    return run


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[tuple[int, int, Upstream]]:
    """Port of REST and of gRPC, and what reaches them."""
    upstream = Upstream()
    rest = ThreadingHTTPServer(("127.0.0.1", 0), _handler(upstream))
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    server = grpc.server(futures.ThreadPoolExecutor(40), options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((_Anything(upstream),))
    grpc_port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield rest.server_port, grpc_port, upstream
    finally:
        server.stop(None)
        rest.shutdown()
        rest.server_close()


@pytest.fixture(scope="module")
def running(
    start: Callable[..., AbstractContextManager[Proxy]],
    stand_ins: tuple[int, int, Upstream],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    """The proxy in front of both stand-ins."""
    with start(tmp_path_factory.mktemp("nginx"), *stand_ins) as proxy:
        yield proxy


@pytest.fixture
def proxy(running: Proxy) -> Proxy:
    """The same, with nothing received yet."""
    upstream = running.upstream
    upstream.requests.clear()
    upstream.messages.clear()
    upstream.headers.clear()
    upstream.status, upstream.seconds = AVAILABLE, 0.0
    return running


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(upstream.status)

        def do_POST(self) -> None:
            time.sleep(upstream.seconds)
            self._reply({"predictions": []})

        def _reply(self, reply: dict[str, Any]) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            upstream.headers.append({name.lower(): value for name, value in self.headers.items()})
            upstream.requests.append((self.command, self.path, body))
            text = json.dumps(reply, indent=1).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: object) -> None:
            return

    return Handler


class _Anything(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers every method with its name."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def service(self, details: Any) -> Any:
        def answer(message: bytes, context: Any) -> bytes:
            time.sleep(self._upstream.seconds)
            self._upstream.headers.append({name: str(value) for name, value in details.invocation_metadata})
            self._upstream.messages.append((details.method, message))
            return details.method.encode()  # type: ignore[no-any-return]

        return grpc.unary_unary_rpc_method_handler(answer)
