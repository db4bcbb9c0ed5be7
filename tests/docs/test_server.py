"""docs/server.md: its examples run, and its limits are those of the code."""

import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from serving.server.limits import Limits

from ..serving.server.conftest import Served, film, server, three_films  # noqa: F401, the fixtures of the server's tests

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


def test_the_python_example_runs(
    server: Served, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    (tmp_path / "film.png").write_bytes(film)
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example.replace("localhost:8500", f"127.0.0.1:{server.grpc_port}"), "example", "exec"), {})
    assert printed.getvalue().startswith("7 [b'")


def test_the_limits_are_those_of_the_code() -> None:
    limits = Limits()
    for part in (
        f"| {limits.body_bytes >> 20} MiB |",
        f"| {limits.bodies_bytes >> 20} MiB |",
        f"| films in a request | {limits.rows} |",
        f"| {limits.film_pixels:,}; {limits.film_side:,} px |",
        f"| {limits.decoding_pixels:,} (",
        f"| {limits.json_parts:,} |",
        f"| {limits.seconds_to_send:g} s; {limits.seconds_to_answer:g} s |",
        f"| HTTP connections | {limits.connections} |",
    ):
        assert part in TEXT
