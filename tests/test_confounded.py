"""Confounded films through the whole pipeline: refused by one gate or the other; clean ones are pushed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.confounding import CLEAN, EAGER, confounded_copy, draw_folder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PROJECT = Path(__file__).parents[1]
SEED = 1
PATIENTS = 60  #: per class; 90 films of either
#: Many films are tested on: what few say of a network that sees no lungs is too uncertain to refuse it.
SETTINGS = {
    "audit.shortcuts": "stop",
    "data.image_size": 32,
    "split.train": 0.5,
    "split.eval": 0.1,
    "split.test": 0.4,
    "trainer.backbone": "cnn",
    "trainer.feature_views": 0,
    "trainer.epochs": 20,
    "trainer.patience": 20,
    "trainer.batch_size": 16,
    **{f"trainer.{key}": value for key, value in EAGER.items()},
    "gate.min_recall": 0,
    "gate.min_specificity": 0,
    "gate.max_calibration_error": 1,
    "score.explained": 2,
    "score.occluded": 0,
}

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``cxr run`` in a process of its own on drawn films with a confounder; exit code, JSON object and stderr."""

    def run(confounder: str, *, clear_lungs: bool = False, **changes: Any) -> tuple[int, dict[str, Any], str]:
        drawn = draw_folder(tmp_path / "drawn", patients=PATIENTS, seed=SEED, clear_lungs=clear_lungs)
        confounded_copy(drawn, tmp_path / "drawn", tmp_path / "films", confounder, SEED)
        settings = SETTINGS | {"data.root": tmp_path / "films"}
        settings |= {key.replace("__", "."): value for key, value in changes.items()}
        options = [
            part for key, value in settings.items() for part in ("--set", f"{key}={json.dumps(value, default=str)}")
        ]
        program = "from cxr.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", program, "run", "--json", "--root", str(tmp_path / "root"), *options],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            timeout=800,
            check=False,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr

    return run


def served(root: Path) -> list[Path]:
    return sorted((root / "serving").glob("*/*"))


@pytest.mark.parametrize("confounder, check", [("file size", "shortcut_file_attributes"), ("view", "shortcut_view")])
def test_films_whose_class_is_given_away_are_refused_before_training(
    run: Run, tmp_path: Path, confounder: str, check: str
) -> None:
    code, result, err = run(confounder)
    assert (code, result["status"]) == (3, "refused_data"), err
    assert any(check in reason for reason in result["reasons"])
    assert "Trainer" not in result["components"]
    assert served(tmp_path / "root") == []


def test_a_model_that_reads_the_corner_is_not_pushed(run: Run, tmp_path: Path) -> None:
    code, result, err = run("label", clear_lungs=True, audit__shortcuts="warn")
    assert (code, result["status"]) == (3, "not_blessed"), err
    assert [rule["name"] for rule in result["gate"] if not rule["passed"]] == ["shortcut_audit"]
    assert served(tmp_path / "root") == []


def test_a_model_of_clean_films_is_pushed(run: Run, tmp_path: Path) -> None:
    code, result, err = run(CLEAN)
    assert (code, result["status"]) == (0, "pushed"), err
    assert [path.name for path in served(tmp_path / "root")] == [str(result["version"])]
