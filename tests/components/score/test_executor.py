"""Score's executor on the drawn films and a model of one epoch."""

from pathlib import Path
from typing import Any

import numpy as np

from components.files import PREDICTIONS_FILE
from components.manifest_gen.manifest import read_manifest
from components.score.executor import Executor
from trainer.predictions import Predictions
from trainer.features import TEST
from trainer.servable import ModelInfo


def test_every_test_film_is_scored_once(predictions: Any, manifest: Any) -> None:
    read = Predictions.read(Path(predictions.uri, PREDICTIONS_FILE))
    rows = {row.image_id: row for row in read_manifest(Path(manifest.uri)) if row.split == TEST}
    assert sorted(read.image_id) == sorted(rows)
    for index, image_id in enumerate(read.image_id):
        row = rows[image_id]
        assert (read.patient_id[index], read.view[index], read.source[index]) == (row.patient_id, row.view, row.source)
        assert read.classes[read.label[index]] == row.label
    np.testing.assert_allclose(read.probabilities.sum(axis=1), 1, atol=1e-5)


def test_the_decision_is_the_one_at_the_models_threshold(predictions: Any, model: Any) -> None:
    read = Predictions.read(Path(predictions.uri, PREDICTIONS_FILE))
    threshold = np.float32(ModelInfo.read(Path(model.uri, "Format-Serving")).threshold)
    np.testing.assert_array_equal(read.decided, read.score >= threshold)


def test_the_same_model_and_films_give_the_same_predictions(
    run_executor: Any, predictions: Any, ingested: Any, model: Any
) -> None:
    from components.artifacts import Predictions as PredictionsArtifact

    made = run_executor(
        Executor, {"examples": ingested.examples, "model": model}, {"predictions": PredictionsArtifact}, {}
    )
    again = Predictions.read(Path(made["predictions"][0].uri, PREDICTIONS_FILE))
    once = Predictions.read(Path(predictions.uri, PREDICTIONS_FILE))
    np.testing.assert_allclose(again.probabilities, once.probabilities, atol=1e-6)
    assert again.image_id == once.image_id
