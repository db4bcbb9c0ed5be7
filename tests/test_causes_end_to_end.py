"""A whole run with six classes, of which some have few patients and some no film, on drawn films under other names."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

#: What the drawn patients without a finding get in its place, in turn: three of SARS, two of Streptococcus, one viral.
CAUSES = ("SARS", "SARS", "Streptococcus", "SARS", "Streptococcus", "Influenza")
SETTINGS = {
    "data.views": "[PA, AP]",
    "data.image_size": 32,
    "trainer.backbone": "cnn",
    "trainer.epochs": 2,
    "gate.min_recall": 0,
    "gate.min_specificity": 0,
    "gate.max_masked_auc": 1,
    "gate.max_calibration_error": 1,
    "score.explained": 2,
    "score.occluded": 1,
}


@pytest.fixture(scope="module")
def collection(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn films in ieee8023's layout, with causes for findings; gives ``data.root``."""
    root = tmp_path_factory.mktemp("causes")
    folder = Path(shutil.copytree(films / "ieee-layout", root / "covid-chestxray-dataset"))
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    patient, finding = header.index("Patientid"), header.index("finding")
    others = sorted({int(row[patient]) for row in rows if row[finding] == "No Finding"})
    assert len(others) == len(CAUSES)
    for row in rows:
        if row[finding] == "No Finding":
            row[finding] = CAUSES[others.index(int(row[patient]))]
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return root


def cxr(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from cxr.main import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def test_classes_with_few_films_or_none_run_through(collection: Path, tmp_path: Path) -> None:
    options = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
    options += ["--set", f"data.root={collection}", "--root", tmp_path / "root", "--json"]
    run = cxr("run", "--profile", "pneumonia_causes", *options)
    assert run.returncode == 0, run.stderr
    result: dict[str, Any] = json.loads(run.stdout)
    assert result["status"] == "pushed"
    assert "Traceback" not in run.stderr

    classes, films = result["classes"], result["films"]
    assert list(classes) == ["covid", "sars", "mers", "streptococcus", "other_bacterial", "other_viral"]
    assert set(films) == {"covid", "sars", "streptococcus", "other_viral"}
    assert set(films["sars"]) == {"train", "eval", "test"}
    assert set(films["streptococcus"]) == {"train", "eval"}
    assert set(films["other_viral"]) == {"train"}
    for name, row in classes.items():
        assert row["support"] == films.get(name, {}).get("test", 0)
        if not row["support"]:
            assert row["recall"] is row["precision"] is row["f1"] is row["auc"] is None
            assert set(row["not_computable"].values()) == {f"no film is {name}"}
    assert result["averages"]["macro"]["classes"] == ["covid", "sars"]
    both = (classes["covid"]["recall"]["value"] + classes["sars"]["recall"]["value"]) / 2
    assert result["averages"]["macro"]["recall"]["value"] == pytest.approx(both)
    assert result["metrics"]["recall"] == classes["covid"]["recall"], "the gate asks for the positive class"

    for name in ("mers", "other_bacterial"):
        (note,) = [note for note in result["notes"] if name in note]
        assert note.startswith(f"{name}: no film at all, so the model cannot learn it")
    (note,) = [note for note in result["notes"] if "streptococcus" in note]
    assert "none in test, so nothing is measured of it" in note

    report = (tmp_path / "root" / "report.html").read_text(encoding="utf-8")
    card = (tmp_path / "root" / "model_card.md").read_text(encoding="utf-8")
    assert "over 2 of 6 classes" in report
    assert "mers: precision, recall, F1, area under the ROC curve not computable, for no film is mers." in report
    assert "mers: precision, recall, F1, area under the ROC curve not computable, for no film is mers." in card
    assert "| macro |" in card

    film = next((collection / "covid-chestxray-dataset" / "images").iterdir())
    predicted = cxr("predict", film, "--model", result["model_dir"], "--json")
    assert predicted.returncode == 0, predicted.stderr
    assert set(json.loads(predicted.stdout)["films"][0]["probabilities"]) == set(classes)
