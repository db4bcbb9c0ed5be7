"""docs/server.md: its examples run, and its limits are those of the code."""

import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToJson, Parse
from google.protobuf.message_factory import MessageFactory

from serving.server.configuration import FolderSource
from serving.server.limits import Limits

from ..serving.server.conftest import (  # noqa: F401, the fixtures of the server's tests
    Running,
    Served,
    example_model,
    film,
    run_server,
    server,
    three_films,
)

TEXT = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
CURL = [
    line for block in re.findall(r"```console\n(.*?)```", TEXT, re.S) for line in block.splitlines() if "curl" in line
]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize("command", CURL)
def test_every_curl_command_gets_an_answer(server: Served, film: bytes, tmp_path: Path, command: str) -> None:  # noqa: F811
    (tmp_path / "film.png").write_bytes(film)
    command = command.replace("localhost:8501", f"127.0.0.1:{server.rest_port}").replace(
        "curl -s", "curl -sf --noproxy '*'"
    )
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.search(r'"AVAILABLE"|"signature_def"|"predictions"|"outputs"', done.stdout)


PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.S)
GRPCURL = [line for line in TEXT.splitlines() if line.startswith("grpcurl ")]


def test_the_python_example_runs(
    server: Served, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    (tmp_path / "film.png").write_bytes(film)
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(PYTHON[0].replace("localhost:8500", f"127.0.0.1:{server.grpc_port}"), "example", "exec"), {})
    assert printed.getvalue().startswith("7 [b'")


def test_the_example_of_other_models_runs(example_model: Path, run_server: Running, tmp_path: Path) -> None:  # noqa: F811
    with run_server(FolderSource(tmp_path)) as served:
        code = PYTHON[2].replace("localhost:8500", f"127.0.0.1:{served.grpc_port}")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code.replace("/srv/models/cxr", str(example_model.parent)), "example", "exec"), {})
        assert printed.getvalue() == "0\n"
        assert served.states() == {"1": "AVAILABLE"}


@pytest.mark.parametrize("command", GRPCURL)
def test_what_grpcurl_is_told_gets_an_answer(
    server: Served, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str  # noqa: F811
) -> None:  # fmt: skip
    """The part of grpcurl, JSON by the protoset to the wire and back, is played here: no package index has it."""
    (tmp_path / "film.png").write_bytes(film)
    monkeypatch.chdir(tmp_path)
    exec(compile(PYTHON[1], "example", "exec"), {})
    heard = subprocess.run(
        ["bash", "-c", f"grpcurl() {{ printf '%s\\n' \"$@\"; }}; {command}"], capture_output=True, text=True, check=True
    )
    plain, told, file, flag, body, address, method = heard.stdout.splitlines()
    assert (plain, told, flag, address) == ("-plaintext", "-protoset", "-d", "localhost:8500")
    pool = DescriptorPool()
    for described in FileDescriptorSet.FromString(Path(file).read_bytes()).file:
        pool.Add(described)
    service, _, name = method.partition("/")
    called = pool.FindServiceByName(service).FindMethodByName(name)
    request, reply = (MessageFactory(pool).GetPrototype(kind) for kind in (called.input_type, called.output_type))
    call = server.channel.unary_unary(f"/{method}", request.SerializeToString, reply.FromString)
    said = MessageToJson(call(Parse(body, request()), timeout=60))
    assert '"AVAILABLE"' in said or '"label"' in said


def test_the_limits_are_those_of_the_code() -> None:
    limits = Limits()
    for part in (
        f"| {limits.body_bytes >> 20} MiB |",
        f"| {limits.bodies_bytes >> 20} MiB |",
        f"| films in a request | {limits.rows} |",
        f"| {limits.film_pixels:,}; {limits.film_side:,} px |",
        f"| scans of a JPEG | {limits.film_scans} |",
        f"| {limits.decoding_pixels:,} (",
        f"| {limits.json_parts:,} |",
        f"| {limits.seconds_to_send:g} s; {limits.seconds_to_answer:g} s |",
        f"| HTTP connections | {limits.connections} |",
    ):
        assert part in TEXT
