"""Whole runs, each in a process of its own, on a copy of the project so that a test may edit the code."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PROJECT = Path(__file__).parents[1]
#: A small network on few films: what is tested is what runs and what does not.
SMALL = {
    "sample.patients": 10,
    "data.image_size": 64,
    "trainer.backbone": "cnn",
    "trainer.feature_views": 0,
    "trainer.epochs": 1,
    "gate.min_recall": 0,
    "gate.min_specificity": 0,
    "gate.max_calibration_error": 1,
    "score.explained": 4,
    "score.occluded": 1,
}
INGEST = {"ManifestGen", "XrayExampleGen", "StatisticsGen", "ExampleValidator", "DataAudit", "DataGate"}
TRAINING = {"Trainer", "Evaluator", "Score", "ShortcutAudit", "ReleaseGate", "Pusher"}

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's code."""
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "runs", "tests", "docs", "benchmarks", "__pycache__", "*.egg-info")
    shutil.copytree(PROJECT, copy, ignore=ignored)
    return copy


@pytest.fixture
def start(project: Path, tmp_path: Path) -> Start:
    """Starts ``cxr run`` on the copy."""

    def run(**changes: Any) -> "subprocess.Popen[str]":
        settings = SMALL | {key.replace("__", "."): value for key, value in changes.items()}
        options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        command = [
            sys.executable,
            "-c",
            "from cxr.main import main; main()",
            "run",
            "--json",
            "--root",
            tmp_path / "root",
        ]
        return subprocess.Popen(
            [*map(str, command), *options],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(project)},
        )

    return run


@pytest.fixture
def run(start: Start) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """Runs to the end; gives exit code, the JSON object and stderr."""

    def run(**changes: Any) -> tuple[int, dict[str, Any], str]:
        process = start(**changes)
        out, err = process.communicate(timeout=600)
        return process.returncode, json.loads(out) if out else {}, err

    return run


def nodes(result: dict[str, Any], state: str) -> set[str]:
    return {name for name, component in result["components"].items() if component["state"] == state}


def versions(root: Path) -> list[str]:
    folder = root / "serving" / "cxr"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def edit(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")


def test_what_runs_again_and_what_does_not(run: Any, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"

    code, result, err = run()
    assert code == 0, err
    assert result["status"] == "pushed"
    assert nodes(result, "ran") == INGEST | TRAINING | {"ImportSchemaGen"}, "each ran once"
    assert versions(root) == [str(result["version"])]
    assert result["model_dir"] == str(root / "serving" / "cxr" / str(result["version"]))
    assert {"recall", "specificity", "precision", "f1", "auc", "pr_auc"} <= set(result["metrics"])
    assert {"value", "low", "high", "n", "patients"} == set(result["metrics"]["recall"])
    noise = [
        line for line in err.splitlines() if not re.match(r"\[ *\d+ s\] \w+|trained \d+ epochs? |training \d+/", line)
    ]
    assert not noise, "nothing of TFX, TensorFlow, Beam or absl reaches the user"
    first, metrics = versions(root), result["metrics"]

    start = time.monotonic()
    code, result, err = run()
    assert (code, result["status"]) == (0, "unchanged")
    assert nodes(result, "ran") == set(), "the second run is all cached"
    assert time.monotonic() - start < 10
    assert versions(root) == first, "and pushes nothing"

    edit(project / "cxr" / "screens.py")
    edit(project / "pipeline" / "result.py")
    code, result, err = run()
    assert (code, result["status"]) == (0, "unchanged"), "the code of the screen trains nothing"

    code, result, err = run(gate__min_recall=0.999)
    assert (code, result["status"]) == (3, "not_blessed"), err
    assert any("gate.min_recall 0.999" in reason for reason in result["reasons"])
    assert versions(root) == first, "a model that misses its bound is not pushed"
    assert nodes(result, "ran") == {"DataGate", "ReleaseGate", "Pusher"}
    assert "gate.min_recall 0.999 is out of reach" in err
    code, result, err = run(gate__min_recall=0.999)
    assert (code, result["status"]) == (3, "not_blessed"), "and asking again does not help"

    code, result, err = run(trainer__epochs=2)
    assert (code, result["status"]) == (0, "pushed"), err
    assert nodes(result, "ran") == TRAINING
    assert len(versions(root)) == 2

    edit(project / "trainer" / "model.py")
    code, result, err = run()
    assert "Trainer" in nodes(result, "ran"), "an edit of the model trains again"
    assert nodes(result, "cached") >= INGEST
    assert result["metrics"] == metrics, "with the same seed to the same metrics"

    film = next((root / "films" / "class-folders" / "covid").iterdir())
    film.write_bytes(film.read_bytes() + b"\0")
    code, result, err = run()
    assert code == 0, err
    assert {"ManifestGen", "XrayExampleGen", "StatisticsGen", "Trainer"} <= nodes(result, "ran"), "one film changed"

    code, result, err = run()
    assert (code, result["status"]) == (0, "unchanged"), "to be compared with other films than before changes nothing"

    schema = project / "schema" / "schema.pbtxt"
    edit(schema)
    code, result, err = run()
    assert (code, result["status"]) == (0, "unchanged"), "a comment in the schema says nothing of the data"

    schema.write_text(schema.read_text(encoding="utf-8").replace("max: 120.0", "max: 130.0"), encoding="utf-8")
    code, result, err = run()
    assert {"ImportSchemaGen", "StatisticsGen", "Trainer"} <= nodes(result, "ran"), "an edited schema is read again"
    assert nodes(result, "cached") == {"ManifestGen", "XrayExampleGen"}

    newest = versions(root)[-1]
    shutil.rmtree(root / "serving" / "cxr" / newest)
    code, result, err = run()
    assert (code, result["status"]) == (0, "pushed"), "a version that somebody removed is pushed again"
    assert nodes(result, "ran") == {"Pusher"}


def wait_for(process: "subprocess.Popen[str]", condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_run_that_is_killed_goes_on(start: Start, run: Any, tmp_path: Path) -> None:
    root = tmp_path / "root"

    process = start(trainer__epochs=12)
    wait_for(process, lambda: any((root / "tfx").glob("XrayExampleGen/examples/*/Split-train/data_tfrecord*")))
    kill(process)
    assert versions(root) == []

    process = start(trainer__epochs=12, trainer__patience=12)
    wait_for(process, lambda: any((root / "checkpoints").rglob("state.npz")))
    kill(process)
    assert versions(root) == []

    code, result, err = run(trainer__epochs=12, trainer__patience=12)
    assert (code, result["status"]) == (0, "pushed"), err
    assert nodes(result, "cached") >= INGEST, "what had finished is not done again"
    assert re.search(r"trained 12 epochs \([1-9]\d* before a restart\)", err), "training goes on from the last epoch"
    assert not any((root / "checkpoints").iterdir())
    (version,) = versions(root)
    assert (root / "serving" / "cxr" / version / "saved_model.pb").is_file()


def test_bad_data_are_refused_before_training(run: Any, tmp_path: Path) -> None:
    from pipeline.sample.data_set import draw_data_set

    draw_data_set(tmp_path / "films", patients=10, seed=3)
    for film in list((tmp_path / "films" / "class-folders" / "covid").iterdir())[:2]:
        film.write_bytes(film.read_bytes()[:1000])
    code, result, err = run(data__root=tmp_path / "films")
    assert (code, result["status"]) == (3, "refused_data"), err
    assert "Trainer" not in result["components"]
    assert any("data.max_rejected allows 1.0%" in reason and "unreadable 2" in reason for reason in result["reasons"])
    rejected = (tmp_path / "root" / "manifest" / "rejected.csv").read_text(encoding="utf-8")
    assert rejected.count("unreadable") == 2


@pytest.mark.parametrize("keep", ["one class", "one patient", "fewer films than splits"])
def test_too_little_data_are_refused_and_not_a_crash(run: Any, tmp_path: Path, keep: str) -> None:
    from pipeline.sample.data_set import draw_data_set

    draw_data_set(tmp_path / "films", patients=4, seed=3)
    covid = tmp_path / "films" / "class-folders" / "covid"
    normal = tmp_path / "films" / "class-folders" / "normal"
    one = {"kind": "class_folders", "name": "one", "path": "class-folders", "metadata": "Data_Entry.csv"}
    folders = {"normal": "No Finding"} if keep == "one class" else {"covid": "COVID-19", "normal": "No Finding"}
    if keep == "one patient":
        shutil.rmtree(covid)
        folders = {"normal": "No Finding"}
        for film in sorted(normal.iterdir())[1:]:
            film.unlink()
    elif keep == "fewer films than splits":
        for folder in (covid, normal):
            for film in sorted(folder.iterdir())[1:]:
                film.unlink()
    sources = json.dumps([{**one, "folders": folders}])
    code, result, err = run(data__root=tmp_path / "films", data__sources=sources, data__max_rejected=1)
    assert (code, result["status"]) == (3, "refused_data"), err
    assert any("none in" in reason for reason in result["reasons"])


@pytest.mark.realdata
@pytest.mark.skipif("CXR_REALDATA" not in os.environ, reason="CXR_REALDATA names no folder of real films")
def test_real_films_run_through(run: Any, project: Path) -> None:
    process = subprocess.run(
        [
            sys.executable, "-c", "from cxr.main import main; main()", "run", "--json",
            "--profile", "covid_chestxray", "--root", str(project / "root"),
            "--set", f"data.root={os.environ['CXR_REALDATA']}",
            "--set", "trainer.backbone=cnn", "--set", "trainer.epochs=1",
        ],
        cwd=project, capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert process.returncode in (0, 3), process.stderr
    result = json.loads(process.stdout)
    assert result["status"] in ("pushed", "not_blessed")
    assert {label: sum(counts.values()) for label, counts in result["films"].items()} == {"covid": 73, "healthy": 77}
    assert {"view", "modality", "finding", "no_file"} <= set(result["rejected"])
