"""The proxy with TLS and API keys: who gets in, what the others are told, and that docs/access.md leads there."""

import asyncio
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from click.testing import CliRunner, Result

from cxr.main import main
from cxr_client import AccessError, AsyncCxrClient, CxrClient, RequestError, Tls
from serving.server_status import Server, status_of
from tests.serving.client.conftest import film
from tests.serving.client.stub import StubModel, grpc_server, http_server
from trainer.errors import RunError

DOCS = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", DOCS, re.S)
PREDICT = "/v1/models/cxr:predict"
GRPC_PREDICT = "/tensorflow.serving.PredictionService/Predict"
MODEL_STATUS = "/tensorflow.serving.ModelService/GetModelStatus"
FILM = '{"instances": [{"b64": "aaaa"}]}'
#: model_spec {name: "cxr"}, which the guard of empty tensors lets through.
MESSAGE = b"\x0a\x05\x0a\x03cxr"
REFUSAL = "no API key that is known here in the header x-api-key"
MIB = 1 << 20

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("nginx")]


@dataclass(frozen=True)
class Access:
    """What the first commands of the docs have made."""

    tls: Path
    keys: Path
    key: str

    @property
    def authority(self) -> str:
        return str(self.tls / "tls.crt")

    @property
    def sums(self) -> Path:
        return self.keys / "keys.sha256"


@dataclass(frozen=True)
class Guarded:
    """A proxy with TLS that asks for keys."""

    proxy: Any
    access: Access
    log: Path

    @property
    def rest_url(self) -> str:
        return f"https://localhost:{self.proxy.rest}"

    @property
    def grpc_url(self) -> str:
        return f"grpcs://localhost:{self.proxy.grpc}"

    def ask(self, method: str, path: str, key: str | None = None, content: str | bytes = "") -> httpx.Response:
        context = ssl.create_default_context(cafile=self.access.authority)
        with httpx.Client(base_url=self.rest_url, verify=context, timeout=30) as client:
            return client.request(method, path, content=content, headers={} if key is None else {"X-API-Key": key})

    def call(self, method: str, message: bytes, key: str | None = None) -> Any:
        credentials = grpc.ssl_channel_credentials(Path(self.access.authority).read_bytes())
        metadata = [] if key is None else [("x-api-key", key)]
        with grpc.secure_channel(f"localhost:{self.proxy.grpc}", credentials) as channel:
            return channel.unary_unary(method)(message, metadata=metadata, timeout=30)

    def refusal(self, method: str, message: bytes, key: str | None = None) -> tuple[grpc.StatusCode, str]:
        with pytest.raises(grpc.RpcError) as caught:
            self.call(method, message, key)
        return caught.value.code(), caught.value.details()


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Access:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path_factory.mktemp("home"))}
    command = ["bash", "-euc", f"{BLOCKS[0]}env --null"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
    told = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
    return Access(Path(told["CXR_TLS"]), Path(told["CXR_KEYS"]), told["CXR_API_KEY"])


@pytest.fixture(scope="module")
def running(
    start: Any, stand_ins: tuple[int, int, Any], access: Access, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    with start(folder, *stand_ins, tls=access.tls, keys=access.keys) as proxy:
        yield Guarded(proxy, access, folder / "log")


@pytest.fixture
def guarded(running: Guarded) -> Guarded:
    """In front of both stand-ins, with nothing received yet."""
    for received in (upstream := running.proxy.upstream).requests, upstream.messages, upstream.headers:
        received.clear()
    return running


@pytest.fixture(scope="module")
def model() -> StubModel:
    return StubModel()


@pytest.fixture(scope="module")
def served(start: Any, model: StubModel, access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """In front of a model."""
    folder = tmp_path_factory.mktemp("served")
    with (
        http_server(model) as rest,
        grpc_server(model) as grpc_port,
        start(folder, rest, grpc_port, None, tls=access.tls, keys=access.keys) as proxy,
    ):
        yield Guarded(proxy, access, folder / "log")


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("keys", [False, True], ids=["open", "keys"])
def test_each_switch_goes_alone_and_with_the_other(
    tls: bool, keys: bool, nginx: str, lay_out: Any, access: Access, tmp_path: Path
) -> None:
    given = {"tls": access.tls if tls else None, "keys": access.keys if keys else None}
    configuration = lay_out(tmp_path, rest=1, grpc=2, listen_rest=1, listen_grpc=2, **given)
    command = [nginx, "-t", "-c", str(configuration), "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert "test is successful" in done.stderr, done.stderr


def test_a_known_key_is_let_in_and_goes_no_further(guarded: Guarded) -> None:
    key = guarded.access.key
    assert guarded.ask("POST", PREDICT, key, FILM).status_code == 200
    assert guarded.ask("GET", "/v1/models/cxr/metadata", key).status_code == 200
    for method in (GRPC_PREDICT, MODEL_STATUS):
        assert guarded.call(method, MESSAGE, key) == method.encode()
    upstream = guarded.proxy.upstream
    assert (len(upstream.requests), len(upstream.messages), len(upstream.headers)) == (2, 2, 4)
    assert not any("x-api-key" in headers or key in headers.values() for headers in upstream.headers)


def presented(key: str) -> dict[str, str | None]:
    return {
        "none": None,
        "an empty one": "",
        "another": "0" * 64,
        "a part of it": key[:-1],
        "with more behind": f"{key}0",
        "its sum": hashlib.sha256(key.encode()).hexdigest(),  # who has read the file has no key
        "what a line ends with": "-",
    }


@pytest.mark.parametrize("what", presented(""))
def test_without_a_known_key_nothing_is_answered(guarded: Guarded, what: str) -> None:
    key = presented(guarded.access.key)[what]
    for method, path in (
        ("POST", PREDICT),
        ("GET", "/v1/models/cxr"),
        ("GET", "/v1/models/cxr/metadata"),
        ("GET", "/"),
    ):
        reply = guarded.ask(method, path, key, FILM if method == "POST" else "")
        assert (reply.status_code, reply.json()) == (401, {"error": REFUSAL})
        assert reply.headers["WWW-Authenticate"] == 'ApiKey realm="cxr"'
    for method in (GRPC_PREDICT, MODEL_STATUS, "/grpc.health.v1.Health/Check", "/no.Such/Method"):
        assert guarded.refusal(method, MESSAGE, key) == (grpc.StatusCode.UNAUTHENTICATED, REFUSAL)
    assert (guarded.proxy.upstream.requests, guarded.proxy.upstream.messages) == ([], [])


def test_a_large_request_without_a_key_is_told_why(guarded: Guarded) -> None:
    assert guarded.ask("POST", PREDICT, None, bytes(20 * MIB)).status_code == 401
    assert guarded.refusal(GRPC_PREDICT, bytes(20 * MIB)) == (grpc.StatusCode.UNAUTHENTICATED, REFUSAL)


def test_who_has_no_key_takes_no_place_of_those_who_have(guarded: Guarded) -> None:
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    context = ssl.create_default_context(cafile=guarded.access.authority)
    with ExitStack() as stack:
        for _ in range(20):  # more than one address has places
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", guarded.proxy.rest), timeout=10))
            connection = stack.enter_context(context.wrap_socket(plain, server_hostname="localhost"))
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 401 ")  # and the body is still to come
        assert guarded.ask("POST", PREDICT, guarded.access.key, FILM).status_code == 200
        assert guarded.call(GRPC_PREDICT, MESSAGE, guarded.access.key) == GRPC_PREDICT.encode()


def test_health_needs_no_key(guarded: Guarded) -> None:
    assert guarded.ask("GET", "/healthz").text == "ok\n"
    assert guarded.ask("GET", "/status").status_code == 404  # open to the proxy itself only


def test_a_key_in_the_url_counts_for_nothing_and_no_key_is_logged(guarded: Guarded) -> None:
    key, wrong = guarded.access.key, "a-wrong-key"
    assert guarded.ask("GET", f"/v1/models/cxr?x-api-key={key}").status_code == 401
    assert guarded.ask("GET", "/v1/models/cxr", wrong).status_code == 401
    assert guarded.ask("GET", "/v1/models/cxr", key).status_code == 200
    lines = {" GET /v1/models/cxr 401 ", " GET /v1/models/cxr 200 "}
    deadline = time.monotonic() + 10
    while not lines <= set(re.findall(r" GET /v1/models/cxr \d+ ", log := guarded.log.read_text())):
        assert time.monotonic() < deadline, log  # nginx writes a line once its answer is out
        time.sleep(0.02)
    assert key not in log
    assert wrong not in log


def test_keys_come_and_go_while_the_proxy_runs(guarded: Guarded) -> None:
    old, new = guarded.access.key, "b" * 64
    line = guarded.access.sums.read_text()
    sum_of_new = hashlib.sha256(new.encode()).hexdigest().upper()  # as Windows writes it

    def let_in() -> list[bool]:
        return [guarded.ask("GET", "/v1/models/cxr", key).status_code == 200 for key in (old, new)]

    try:
        assert let_in() == [True, False]
        guarded.access.sums.write_text(f"{line}\n# from today\n{sum_of_new} ward 7\r\n")
        assert let_in() == [True, True]
        guarded.access.sums.write_text(f"{sum_of_new} ward 7\r\n")
        assert let_in() == [False, True]
        assert guarded.call(GRPC_PREDICT, MESSAGE, new) == GRPC_PREDICT.encode()
        guarded.access.sums.unlink()
        assert let_in() == [False, False]
        assert "nobody is let in" in guarded.log.read_text()
    finally:
        guarded.access.sums.write_text(line)
    assert let_in() == [True, False]


@pytest.mark.parametrize("version, spoken", [("tls1", False), ("tls1_1", False), ("tls1_2", True), ("tls1_3", True)])
@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_only_modern_versions_of_tls_are_spoken(guarded: Guarded, version: str, spoken: bool, protocol: str) -> None:
    address = f"localhost:{getattr(guarded.proxy, protocol)}"
    alpn = {"rest": "http/1.1", "grpc": "h2"}[protocol]
    command = ["openssl", "s_client", "-connect", address, f"-{version}", "-CAfile", guarded.access.authority]
    old = [] if spoken else ["-cipher", "DEFAULT:@SECLEVEL=0"]  # or openssl itself would not ask
    done = subprocess.run([*command, *old, "-alpn", alpn], input=b"", capture_output=True, check=False, timeout=30)
    assert (done.returncode == 0 and b"Verify return code: 0 (ok)" in done.stdout) is spoken
    assert (f"ALPN protocol: {alpn}".encode() in done.stdout) is spoken
    assert (b"alert protocol version" in done.stderr) is not spoken


def test_who_asks_in_the_clear_is_told_to_speak_tls(guarded: Guarded) -> None:
    reply = httpx.post(f"http://localhost:{guarded.proxy.rest}{PREDICT}", content=FILM)
    assert (reply.status_code, reply.json()) == (400, {"error": "this port speaks TLS; ask https://"})
    for address in (f"http://localhost:{guarded.proxy.rest}", f"grpc://localhost:{guarded.proxy.grpc}"):
        with CxrClient(address, api_key=guarded.access.key) as client, pytest.raises(RequestError, match="https://"):
            client.predict([film(9)])
    assert (guarded.proxy.upstream.requests, guarded.proxy.upstream.messages) == ([], [])


def test_a_renewed_certificate_is_shown_after_a_hang_up_signal(
    start: Any, stand_ins: tuple[int, int, Any], access: Access, tmp_path: Path
) -> None:
    renewed = Path(shutil.copytree(access.tls, tmp_path / "tls"))
    (make,) = [line for line in BLOCKS[0].splitlines() if line.startswith("openssl req ")]

    def trusts(authority: Path) -> bool:
        with httpx.Client(verify=ssl.create_default_context(cafile=str(authority))) as client:
            try:
                return client.get(f"https://localhost:{proxy.rest}/v1/models/cxr").status_code == 200  # without a key
            except httpx.ConnectError:
                return False

    with start(tmp_path, *stand_ins, tls=renewed) as proxy:
        assert trusts(access.tls / "tls.crt")
        subprocess.run(["bash", "-euc", make], env={"CXR_TLS": str(renewed)}, capture_output=True, check=True)
        os.kill(int((tmp_path / "nginx.pid").read_text()), signal.SIGHUP)
        for _ in range(100):
            if trusts(renewed / "tls.crt"):
                break
            time.sleep(0.05)
        assert trusts(renewed / "tls.crt")
        assert not trusts(access.tls / "tls.crt")


def test_keys_alone_are_asked_for_in_the_clear(
    start: Any, stand_ins: tuple[int, int, Any], access: Access, tmp_path: Path
) -> None:
    with start(tmp_path, *stand_ins, keys=access.keys) as proxy:
        assert proxy.ask("GET", "/v1/models/cxr")[0] == 401
        assert proxy.ask("GET", "/v1/models/cxr", X_API_Key=access.key)[0] == 200
        assert proxy.call(MODEL_STATUS, b"", metadata=[("x-api-key", access.key)]) == MODEL_STATUS.encode()


@pytest.fixture(params=["rest", "grpc"])
def url(request: pytest.FixtureRequest, served: Guarded) -> str:
    return str(getattr(served, f"{request.param}_url"))


def test_a_client_with_key_and_authority_is_answered(served: Guarded, url: str, model: StubModel) -> None:
    with CxrClient(url, api_key=served.access.key, tls=Tls(authorities=served.access.authority)) as client:
        assert [found.label for found in client.predict([film(200), film(9)])] == ["covid", "healthy"]
    assert served.access.key not in str(model.requests[-1])

    async def ask() -> list[str]:
        tls = Tls(authorities=served.access.authority)
        async with AsyncCxrClient(url, api_key=served.access.key, tls=tls) as client:
            return [found.label for found in await client.predict([film(9)])]

    assert asyncio.run(ask()) == ["healthy"]


@pytest.mark.parametrize("key", [None, "another"])
def test_a_client_without_a_known_key_is_told_so_in_one_line(served: Guarded, url: str, key: str | None) -> None:
    tls = Tls(authorities=served.access.authority)
    with CxrClient(url, api_key=key, tls=tls) as client, pytest.raises(AccessError) as caught:
        client.predict([film(9)])
    status = "HTTP 401" if url.startswith("https") else "UNAUTHENTICATED"
    assert caught.value.status == status
    assert str(caught.value).startswith("the server wants another API key; give api_key, or CXR_API_KEY")
    assert str(caught.value).endswith(f"({status}: {REFUSAL})")


def test_a_client_that_does_not_know_the_authority_sends_nothing(served: Guarded, url: str) -> None:
    with CxrClient(url, api_key=served.access.key) as client, pytest.raises(AccessError, match="not trusted"):
        client.predict([film(9)])


def predict(tmp_path: Path, url: str, **environment: str | None) -> Result:
    (tmp_path / "film.png").write_bytes(film(200))
    return CliRunner().invoke(main, ["predict", str(tmp_path / "film.png"), "--server", url, "--json"], env=environment)


def test_the_command_line_takes_key_and_authority_from_the_environment(
    served: Guarded, url: str, tmp_path: Path
) -> None:
    authority, key = served.access.authority, served.access.key
    result = predict(tmp_path, url, CXR_API_KEY=key, CXR_CA_CERT=authority)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["films"][0]["label"] == "covid"
    result = predict(tmp_path, url, CXR_API_KEY="another", CXR_CA_CERT=authority)
    (line,) = result.output.splitlines()
    assert result.exit_code == 1
    assert "HTTP 401" not in line or line in DOCS  # shown as it is
    assert line.startswith("cxr: the server wants another API key")
    result = predict(tmp_path, url, CXR_API_KEY=key, CXR_CA_CERT=None)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "the certificate is not trusted" in result.output
    result = predict(tmp_path, url, CXR_API_KEY=key, CXR_CA_CERT=__file__)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert f"Tls(authorities='{__file__}') cannot be used" in result.output


def test_the_state_of_the_versions_is_told_to_whom_has_a_key(guarded: Guarded) -> None:
    authority, key = guarded.access.authority, guarded.access.key
    assert status_of(Server(guarded.rest_url, key, authority), "cxr").available == {1}
    with pytest.raises(RunError, match=f"answers 401: {REFUSAL}; give the key in CXR_API_KEY"):
        status_of(Server(guarded.rest_url, "another", authority), "cxr")
    with pytest.raises(RunError, match="name its authority's file in CXR_CA_CERT"):
        status_of(Server(guarded.rest_url, key), "cxr")


def test_every_command_of_the_docs_is_answered(
    guarded: Guarded, served: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("film.png").write_bytes(film(200))
    for name, value in {"CXR_TLS": guarded.access.tls, "CXR_KEYS": guarded.access.keys}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("CXR_API_KEY", guarded.access.key)
    kinds = set()
    for command in "".join(BLOCKS[1:]).splitlines():
        kinds.add(command.split()[0])
        if command.startswith("export "):
            name, value = command.removeprefix("export ").split("=", 1)
            monkeypatch.setenv(name, value.strip('"').replace("$CXR_TLS", str(guarded.access.tls)))
        elif command.startswith("cxr "):
            here = command.replace("https://localhost:8501", served.rest_url).replace(
                "grpcs://localhost:8500", served.grpc_url
            )
            result = CliRunner().invoke(main, shlex.split(here)[1:])
            assert result.exit_code == 0, f"{command}\n{result.output}"
        elif "curl " in command:
            here = command.replace("https://localhost:8501", guarded.rest_url)
            done = subprocess.run(["bash", "-euc", here], capture_output=True, text=True, check=False, timeout=30)
            assert (done.returncode, bool(done.stdout)) == (0, True), f"{command}\n{done.stderr}"
    assert kinds == {"export", "cxr", "curl", "printf", "docker", "kubectl"}
    for block in re.findall(r"```python\n(.*?)```", DOCS, re.S):
        names: dict[str, Any] = {}
        exec(compile(block.replace("grpcs://localhost:8500", served.grpc_url), "access.md", "exec"), names)
        assert names["client"].predict("film.png")[0].label == "covid"
