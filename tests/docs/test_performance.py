"""docs/performance.md: its commands are there, and it holds no second copy of the figures."""

import re
import shlex
from pathlib import Path

import pytest

from benchmarks.bench import CLAIMS

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")
TRIES = (PROJECT / "docs" / "performance-tries.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.S)
    for line in block.splitlines()
]


def test_the_targets_and_claims_that_are_shown_exist() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for command in (command for command in COMMANDS if command.startswith("make ")):
        _, target, *variables = shlex.split(command)
        assert re.search(rf"^{target}:", makefile, re.M)
        for name in (name for variable in variables for name in variable.rpartition("--only ")[2].split(",")):
            assert name in CLAIMS


@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.startswith("make ")])
def test_the_scripts_that_are_shown_know_their_options(command: str) -> None:
    python, dash, module, *arguments = shlex.split(command)
    assert (python, dash) == ("python", "-m")
    script = (PROJECT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert f'add_argument("{option}"' in script


def test_every_claim_has_its_line_and_its_part() -> None:
    lines = re.findall(r"^\| (\d+) \|", TEXT.partition("## How it is measured")[0], re.M)
    assert [int(number) for number in lines] == list(range(1, 13))
    for claim in CLAIMS:
        assert f"`benchmarks/claims/{claim}.py`" in TEXT


def test_no_measured_time_stands_here() -> None:
    """Times that are limits stand in the table of claims."""
    below = TEXT.partition("## How it is measured")[2]
    assert below
    assert not re.findall(r"\d (?:CPU )?(?:ms|s|µs|seconds|films/s|MiB|GB)\b", below)


@pytest.mark.parametrize("text", [TEXT, TRIES], ids=["performance", "tries"])
def test_every_file_that_is_linked_or_named_is_there(text: str) -> None:
    # results.md and growth.md are written by the benchmarks themselves.
    links = {(PROJECT / "docs" / link).resolve() for link in re.findall(r"\]\((?!http)([^)#]+)", text)}
    named = {PROJECT / name for name in re.findall(r"`((?:benchmarks|pipeline|serving|trainer)/[a-z_/]+\.\w+)`", text)}
    assert links
    assert not [str(file) for file in links | named if not file.exists()]


def test_claims_and_tries_name_each_other() -> None:
    assert "](performance-tries.md)" in TEXT
    assert "](performance.md)" in TRIES
    headings = re.findall(r"^## .* \(claims? .*\)$", TRIES, re.M)
    assert headings
    assert set(headings) <= set(TEXT.splitlines())


@pytest.mark.parametrize("text, title", [(TEXT, "Performance"), (TRIES, "What was tried for speed")])
def test_there_is_one_title(text: str, title: str) -> None:
    outside = re.sub(r"```.*?```", "", text, flags=re.S)
    assert re.findall(r"^# (.*)", outside, re.M) == [title]
