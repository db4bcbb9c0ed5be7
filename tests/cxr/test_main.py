"""The command as a whole: its help, its verbs, and how failures end."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cxr.main import VERBS, main
from trainer.errors import CxrError, RefusedError, RunError, SourceError, UsageError

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_help_answers_at_once() -> None:
    command = [sys.executable, "-c", "from cxr.main import main; main()", "--help"]
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_in_its_help_and_a_place_in_the_readme(verb: str) -> None:
    result = CliRunner().invoke(main, [verb, "--help"])
    assert result.exit_code == 0
    assert f"  cxr {verb}" in result.output.partition("Examples:")[2]
    assert f"cxr {verb}" in README


def test_an_unknown_verb_is_wrong_use() -> None:
    result = CliRunner().invoke(main, ["trian"])
    assert result.exit_code == 2
    assert "No such command 'trian'" in result.output


@pytest.mark.parametrize(
    "error, code",
    [
        (RunError("it broke"), 1),
        (UsageError("it broke"), 2),
        (SourceError("it broke"), 2),
        (RefusedError("it broke"), 3),
        (CxrError("it broke"), 1),
    ],
)
def test_an_expected_failure_is_one_line_and_its_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = CliRunner().invoke(_with_a_verb_that_raises(error, monkeypatch), ["fail"])
    assert (result.exit_code, result.output) == (code, "cxr: it broke\n")


def test_an_unexpected_failure_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(_with_a_verb_that_raises(KeyError("x"), monkeypatch), ["fail"])
    assert (result.exit_code, result.output) == (1, "cxr: unexpected KeyError: 'x'; --debug shows where\n")


def test_a_reader_that_has_read_enough_is_no_failure() -> None:
    command = f"{sys.executable} -c 'from cxr.main import main; main()' fetch | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ieee8023\n", "")


def _with_a_verb_that_raises(error: Exception, monkeypatch: pytest.MonkeyPatch) -> click.Command:
    @click.command("fail")
    def fail() -> None:
        raise error

    def find(self: Any, ctx: click.Context, name: str) -> click.Command:
        return fail

    monkeypatch.setattr(type(main), "get_command", find)
    return main
