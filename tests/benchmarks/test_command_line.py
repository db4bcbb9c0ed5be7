"""The claim on the command line: what it makes of seconds, and of a command that fails."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.claim import Effort
from benchmarks.claims import command_line
from benchmarks.claims.command_line import SMALL, demo_rows, measure, run, unchanged
from pipeline.settings import load_settings


def test_the_demo_is_its_components_the_longest_first_and_the_rest() -> None:
    whole, *parts = demo_rows({"Trainer": {"seconds": 60.0}, "Score": {"seconds": 90.0}}, 200.0)
    assert (whole.median, whole.met) == (200.0, True)
    assert whole.what == "cxr run --profile sample on a fresh root; its limit is 6 minutes"
    assert [row.what.removeprefix("of the demo: ") for row in parts] == [
        "Score",
        "Trainer",
        "start, report and between components",
    ]
    assert [(row.median, row.ours, row.goal) for row in parts] == [
        (90.0, "45%", None),
        (60.0, "30%", None),
        (50.0, "25%", None),
    ]
    assert demo_rows({}, 361.0)[0].met is False


@pytest.mark.parametrize("quick", [True, False])
def test_help_and_the_unchanged_run_are_timed_and_the_demo_in_full_only(
    quick: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots: list[Path] = []

    def ran(root: Path, settings: Any = ()) -> dict[str, Any]:
        roots.append(root)
        status = "pushed" if len(roots) == 1 else "unchanged"
        return {"status": status, "films": {"covid": {"train": 3, "test": 1}}, "components": {"Score": {"seconds": 1}}}

    monkeypatch.setattr(command_line, "run", ran)
    rows = measure(Effort(quick=quick, real=None, scratch=tmp_path))
    assert [row.what for row in rows[:2]] == ["cxr --help", "cxr run in which nothing has changed, 4 films"]
    assert [len(row.values) for row in rows[:2]] == [3 if quick else 5] * 2
    assert all(row.claim == 11 and row.unit == "s" for row in rows)
    assert len(rows) == (2 if quick else 5)
    assert len(set(roots)) == 1


def test_a_run_that_is_not_unchanged_ends_the_claim(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command_line, "run", lambda root, settings=(): {"status": "pushed"})
    with pytest.raises(RuntimeError, match="is pushed, not unchanged"):
        unchanged(tmp_path)


def test_a_run_that_fails_names_its_exit_code(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 2"):
        run(tmp_path / "root", ["trainer.no_such_key=1"])


def test_the_small_run_is_of_settings_that_there_are() -> None:
    assert load_settings("sample", None, SMALL).trainer.backbone == "cnn"
