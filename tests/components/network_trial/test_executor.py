"""NetworkTrial's executor on the drawn films: a small CNN of one epoch."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from components.artifacts import Trial
from components.files import PREDICTIONS_FILE, TRIAL_FILE
from components.manifest_gen.manifest import read_manifest
from components.network_trial.executor import Executor
from components.network_trial.roles import Roles
from trainer.errors import RunError
from trainer.features import TEST, TRAIN
from trainer.predictions import Predictions, read_predictions
from trainer.trial_report import TrialReport


@pytest.fixture(scope="module")
def properties(sample_data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {
        "trainer_settings": json.dumps({"backbone": "cnn", "weights": "random", "epochs": 1}),
        "threshold_settings": "{}",
        "classes": json.dumps(["covid", "healthy"]),
        "positive": "covid",
        "image_size": sample_data["image_size"],
        "splits": Roles().model_dump_json(),
        "data_digest": "0" * 64,
        "weights_digest": "",
        "code_digest": "0" * 64,
        "checkpoint_dir": str(tmp_path_factory.mktemp("checkpoints")),
    }


@pytest.fixture(scope="module")
def folder(run_executor: Any, ingested: SimpleNamespace, properties: dict[str, Any]) -> Path:
    made = run_executor(Executor, {"examples": ingested.examples}, {"trial": Trial}, properties)
    return Path(made["trial"][0].uri)


@pytest.fixture(scope="module")
def report(folder: Path) -> TrialReport:
    return TrialReport.model_validate_json((folder / TRIAL_FILE).read_text())


@pytest.fixture(scope="module")
def predictions(folder: Path) -> Predictions:
    return read_predictions(folder / PREDICTIONS_FILE)


def test_every_test_film_is_scored_once_and_decided_at_the_threshold(
    predictions: Predictions, report: TrialReport, manifest: Any
) -> None:
    rows = {row.image_id: row for row in read_manifest(Path(manifest.uri)) if row.split == TEST}
    assert sorted(predictions.image_id) == sorted(rows)
    for index, image_id in enumerate(predictions.image_id):
        assert predictions.patient_id[index] == rows[image_id].patient_id
        assert predictions.classes[predictions.label[index]] == rows[image_id].label
    assert predictions.threshold == report.threshold
    assert (predictions.decided == (predictions.score >= np.float32(report.threshold))).all()


def test_the_report_is_of_the_train_films_and_of_the_whole_training(report: TrialReport, manifest: Any) -> None:
    trained = [row for row in read_manifest(Path(manifest.uri)) if row.split == TRAIN]
    assert report.train_accuracy.n == len(trained)
    assert report.train_accuracy.patients == len({row.patient_id for row in trained})
    assert len(report.training["history"]) == 1
    assert report.seconds_per_epoch == report.training["history"][0]["seconds"] > 0
    assert not report.features_once
    assert report.trainable_parameters == sum(layer.trainable for layer in report.layers)


def test_nothing_is_exported_and_no_checkpoint_stays(folder: Path, properties: dict[str, Any]) -> None:
    assert {file.name for file in folder.iterdir()} == {PREDICTIONS_FILE, TRIAL_FILE}
    assert not list(Path(properties["checkpoint_dir"]).iterdir())


def test_a_network_that_cannot_be_trained_says_so(
    run_executor: Any, ingested: SimpleNamespace, properties: dict[str, Any]
) -> None:
    told = properties | {"classes": json.dumps(["covid"])}
    with pytest.raises(RunError, match="labels run from 0 to 1"):
        run_executor(Executor, {"examples": ingested.examples}, {"trial": Trial}, told)
