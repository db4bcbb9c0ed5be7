"""One network of a comparison: its figures are those of the weights that were kept, and its layers are all named."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.backbones import Backbone
from trainer.input import Split
from trainer.job import Job
from trainer.model import build_classifier, build_extractor
from trainer.settings import ThresholdSettings, TrainerSettings
from trainer.trial import cross_entropy, layer_table, try_network

#: As published: each layer of the study's CNN that holds numbers.
PUBLISHED = (9472, 36928, 200768, 36928, 100384, 9248, 9248, 1605696, 256, 130)


def job_of(records: SimpleNamespace, folder: Path, **settings: Any) -> Job:
    def split(patterns: list[str]) -> Split:
        return Split(tuple(patterns), ("covid", "healthy"), 32)

    return Job(
        train=split(records.train),
        eval=split(records.eval),
        positive="covid",
        settings=TrainerSettings(**{"weights": "random", "batch_size": 8, **settings}),
        threshold=ThresholdSettings(target_recall=0.9),
        model_dir=folder,
        checkpoints=folder / "kept",
        data_digest="d",
        code_digest="c",
    )


@pytest.mark.parametrize("feature_views", [0, 1])
def test_a_frozen_network_is_scored_with_the_weights_that_were_kept(
    records: SimpleNamespace, small_frozen: Backbone, tmp_path: Path, feature_views: int
) -> None:
    job = job_of(records, tmp_path, backbone="inception_resnet_v2", epochs=3, feature_views=feature_views)
    report, probabilities = try_network(job, job.eval)  # the test films are the eval films here
    kept = report.training["history"][report.training["best_epoch"] - 1]
    assert cross_entropy(probabilities, job.eval.labels) == pytest.approx(kept["eval_loss"], abs=1e-4)
    right = probabilities.argmax(axis=1) == job.eval.labels
    assert right.mean() == pytest.approx(kept["eval_accuracy"])
    assert report.train_accuracy.n == len(job.train)
    assert (report.device == "CPU") is not bool(tf.config.list_physical_devices("GPU"))
    assert report.features_once == bool(feature_views)
    assert [layer.kind for layer in report.layers][:3] == ["frozen", "AveragePooling2D", "Flatten"]
    assert report.layers[0].name == "inception_resnet_v2"
    assert sum(layer.trainable for layer in report.layers) == report.trainable_parameters
    assert "random weights" in report.notes[0]


def test_the_same_seed_gives_the_same_figures_whatever_was_built_before(
    records: SimpleNamespace, tmp_path: Path
) -> None:
    def tried(folder: str) -> tuple[dict[str, Any], np.ndarray]:
        job = job_of(records, tmp_path / folder, backbone="cnn", epochs=1)
        report, probabilities = try_network(job, job.eval)
        told = report.model_dump(exclude={"seconds_per_epoch"})
        for epoch in told["training"]["history"]:
            del epoch["seconds"]
        return told, probabilities

    first, of_first = tried("a")
    keras.utils.set_random_seed(99)
    build_extractor(TrainerSettings(backbone="cnn"), 16)
    again, of_again = tried("b")
    assert again == first
    np.testing.assert_array_equal(of_again, of_first)


def test_the_layers_of_the_cnn_are_those_that_were_published() -> None:
    settings = TrainerSettings(backbone="cnn")
    rows = layer_table(build_classifier(settings, build_extractor(settings, 224), 2), "cnn")
    assert tuple(row.parameters for row in rows if row.parameters) == PUBLISHED
    assert sum(row.trainable for row in rows) == 2_008_930
    assert rows[0].output == (224, 224, 64)
    assert next(row.output for row in rows if row.kind == "Flatten") == (25088,)
    assert rows[-1].output == (2,)


def test_the_loss_is_keras_own() -> None:
    generator = np.random.default_rng(1)
    probabilities = generator.dirichlet((1, 1, 1), 50).astype(np.float32)
    probabilities[0] = (0, 0, 1)
    labels = generator.integers(0, 3, 50)
    labels[0] = 0  # of a class that the network thinks impossible
    theirs = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    assert cross_entropy(probabilities, labels) == pytest.approx(float(np.mean(theirs)), abs=1e-4)
