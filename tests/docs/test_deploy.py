"""docs/deploy.md: its commands run, in its order, and its tables say what the delivered files say."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cxr.main import main
from tests.pushed_versions import push

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
COMPOSE_TEXT = (PROJECT / "serving" / "compose.yaml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE_TEXT)["services"]
NGINX = (PROJECT / "serving" / "config" / "nginx.conf").read_text(encoding="utf-8")
CXR = ".venv/bin/cxr "


def test_the_commands_are_of_four_kinds() -> None:
    assert len(COMMANDS) > 15
    assert all(command.startswith((CXR, "docker compose ", "curl --fail ", "printf ")) for command in COMMANDS)


def test_every_cxr_command_runs_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(tmp_path / "runs" / "sample" / "serving" / "cxr", 1700000000, 1700000600)
    monkeypatch.chdir(tmp_path)
    ran = 0
    for command in COMMANDS:
        if command.startswith(CXR):
            result = CliRunner().invoke(main, shlex.split(command.removeprefix(CXR)))
            assert result.exit_code == 0, f"{command}\n{result.output}"
            ran += 1
    assert ran >= 10


def test_the_compose_commands_name_a_file_and_a_profile_that_are_there() -> None:
    profiles = {profile for service in SERVICES.values() for profile in service["profiles"]}
    for command in COMMANDS:
        if command.startswith("docker compose "):
            _, _, _, file, _, profile, *_ = shlex.split(command)
            assert (PROJECT / file).is_file()
            assert profile in profiles


def test_every_variable_is_described_with_its_default_and_no_other() -> None:
    described = dict(re.findall(r"^\| `(CXR_\w+)` \| `(.*?)` \|", TEXT, re.M))
    assert described == dict(re.findall(r"\$\{(CXR_\w+):-(.*?)\}", COMPOSE_TEXT))


def test_every_flag_is_described_with_its_value_and_no_other() -> None:
    rows = re.findall(r"^\| (`--.*?) \| (.*?) \|", TEXT, re.M)
    described: dict[str, str] = {}
    for names, values in rows:
        flags, given = re.findall(r"--\w+", names), values.replace("`", "").split(", ")
        described |= dict(zip(flags, given * len(flags) if len(given) == 1 else given, strict=False))
    assert described == dict(flag.split("=", 1) for flag in SERVICES["tensorflow-gpu"]["command"])


@pytest.mark.parametrize(
    "said, setting",
    [
        ("| body | 32 MiB |", "client_max_body_size 32m;"),
        ("16 of one address, 32 in all", "limit_conn client 16;\n    limit_conn all 32;"),
        ("10 s for the header", "client_header_timeout 10s;"),
        ("10 s between two parts of the body", "client_body_timeout 10s;"),
        ("60 s for the answer", "proxy_read_timeout 60s;"),
        ("60 s for the answer", "grpc_read_timeout 60s;"),
    ],
)
def test_the_bounds_are_those_of_the_proxy(said: str, setting: str) -> None:
    assert said in TEXT
    assert setting in NGINX


def test_the_bounds_of_films_and_lists_are_those_of_the_guard() -> None:
    guard = (PROJECT / "serving" / "config" / "guard.js").read_text(encoding="utf-8")
    assert re.findall(r"^const MOST = (\d+);", guard, re.M) == ["4096"]
    assert "| 4096, so no depth" in TEXT
    assert re.findall(r"^const FILMS = (\d+);", guard, re.M) == ["64"]
    assert "| films | 64 of one request |" in TEXT
    assert re.findall(r"^const OUTSIDE = (\d+);", guard, re.M) == [str(64 << 10)]
    assert "| JSON outside of strings | 64 KiB," in TEXT
