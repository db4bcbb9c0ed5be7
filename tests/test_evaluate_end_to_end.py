"""A model is pushed by a run and evaluated on other films, on its own, and on its own encoded anew; whole processes."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.xdist_group("evaluate")]

SMALL = {
    "sample.patients": 10,
    "data.image_size": 64,
    "trainer.backbone": "cnn",
    "trainer.feature_views": 0,
    "trainer.epochs": 1,
    "gate.min_recall": 0,
    "gate.min_specificity": 0,
    "gate.max_masked_auc": 1,
    "gate.max_calibration_error": 1,
}
FINDINGS = {"covid": ["COVID-19"], "healthy": ["No Finding"]}
CLASS_FOLDERS = {"covid": "COVID-19", "healthy": "No Finding"}

Evaluate = Callable[..., tuple[int, dict[str, Any], str]]


def cxr(folder: Path, *arguments: object, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Runs the command; gives exit code, the JSON object and stderr."""
    done = subprocess.run(
        [sys.executable, "-c", "from cxr.main import main; main()", *map(str, arguments), "--json"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a pushed model under ``run``."""
    folder = tmp_path_factory.mktemp("evaluate")
    options = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    code, result, err = cxr(folder, "run", "--root", "run", *options)
    assert (code, result["status"]) == (0, "pushed"), (result, err)
    return folder


@pytest.fixture
def evaluate(folder: Path) -> Evaluate:
    """Evaluates the pushed model on class folders."""

    def run(root: Path, *options: object, **environment: str) -> tuple[int, dict[str, Any], str]:
        sources = [
            {
                "kind": "class_folders",
                "name": ward.name,
                "path": ward.name,
                "folders": {folder.name: CLASS_FOLDERS[folder.name] for folder in sorted(ward.iterdir())},
                "view": "PA",
            }
            for ward in sorted(root.iterdir())
        ]
        data = {"root": str(root), "sources": sources, "findings": FINDINGS, "max_rejected": 1}
        config = folder / f"{root.name}.yaml"
        config.write_text(json.dumps({"data": data}))  # JSON is YAML
        return cxr(folder, "evaluate", "--model", "run/serving/cxr", "--config", config.name, *options, **environment)

    return run


def training_films(folder: Path) -> list[dict[str, str]]:
    with (folder / "run" / "manifest" / "manifest.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] in ("train", "eval")]


def test_films_that_are_new_are_measured_and_none_is_called_known(folder: Path, evaluate: Evaluate) -> None:
    from pipeline.sample.data_set import draw_data_set

    draw_data_set(folder / "drawn", patients=6, seed=99)
    ward = folder / "other" / "ward"
    for name, source in (("covid", "covid"), ("healthy", "normal")):
        shutil.copytree(folder / "drawn" / "class-folders" / source, ward / name)
    code, result, err = evaluate(folder / "other")
    assert code == 0, (result, err)
    assert (result["status"], result["warnings"], result["known"]["known"]) == ("evaluated", [], 0)
    assert sum(result["films"].values()) == result["known"]["films"] == sum(1 for film in ward.rglob("*.*"))
    assert result["known"]["training_films"] == len(training_films(folder))
    assert any("another key" in reason for reason in result["known"]["not_checkable"])
    assert {"recall", "specificity", "auc"} <= set(result["metrics"])
    assert result["assessment_without_known"] is None
    assert result["shortcuts"]["variants"]
    assert Path(result["report"]).stat().st_size > 10_000
    assert not any((folder / "runs" / "evaluate-other").glob("serving*")), "nothing is pushed"

    code, again, err = evaluate(folder / "other")
    assert code == 0, (result, err)
    assert {node["state"] for node in again["components"].values()} <= {"cached", "ran"}
    assert [name for name, node in again["components"].items() if node["state"] == "ran"] in ([], ["Model"])
    assert again["metrics"] == result["metrics"]

    shutil.rmtree(ward / "healthy")
    code, result, err = evaluate(folder / "other", "--root", "one-class")
    assert (code, result["status"]) == (0, "evaluated"), (result, err)
    reasons = result["assessment"]["slices"][0]["not_computable"]
    assert {"specificity", "auc"} <= set(reasons)
    assert "specificity" not in result["metrics"]

    for film in (ward / "covid").iterdir():
        film.write_bytes(b"no film")
    code, result, err = evaluate(folder / "other", "--root", "no-film")
    assert (code, result["status"]) == (1, "failed"), (result, err)
    assert result["reasons"][0].startswith("no film is usable (")


def test_its_own_films_are_known_and_so_are_they_encoded_anew(folder: Path, evaluate: Evaluate) -> None:
    films = training_films(folder)
    for number, row in enumerate(films):
        source = Path(row["path"])
        for name in ("own", "anew"):
            (folder / "same" / name / row["label"]).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / "same" / "own" / row["label"] / f"{number}{source.suffix}")
        with Image.open(source) as film:
            smaller = film.convert("L").resize((film.width * 3 // 4, film.height * 3 // 4))
            smaller.save(folder / "same" / "anew" / row["label"] / f"{number}.jpg", quality=70)
    code, result, err = evaluate(folder / "same", "--manifest", "run/manifest")
    assert code == 0, (result, err)
    count = len(films)
    assert next(iter(result)) == "warnings"
    assert result["warnings"][0].startswith(f"{2 * count} of {2 * count} films (100.0%) are not new to the model")
    assert result["known"]["ways"] == {"file": count, "look": count}
    assert result["assessment_without_known"] is None, "no film is new"
    with Path(result["known"]["listed_in"]).open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 2 * count
    assert not any("--manifest" in reason for reason in result["known"]["not_checkable"])
