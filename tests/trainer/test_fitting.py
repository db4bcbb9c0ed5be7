from dataclasses import replace

import keras
import numpy as np
import pytest

from trainer.fitting import train
from trainer.input import Split
from trainer.job import Job
from trainer.model import build_extractor
from trainer.settings import ThresholdSettings, TrainerSettings

CLASSES = ("covid", "healthy")
SETTINGS = TrainerSettings(weights="random", feature_views=2, epochs=30, batch_size=8, learning_rate=0.005, patience=30)


@pytest.fixture
def job(records, tmp_path) -> Job:
    return Job(
        train=Split(tuple(records.train), CLASSES, 32),
        eval=Split(tuple(records.eval), CLASSES, 32),
        positive="covid",
        settings=SETTINGS,
        threshold=ThresholdSettings(),
        model_dir=tmp_path / "model",
        checkpoints=tmp_path / "checkpoints",
        data_digest="d",
        code_digest="c",
    )


def test_a_head_on_random_features_learns_the_drawn_finding(small_frozen, job):
    keras.utils.set_random_seed(1)
    extractor = build_extractor(job.settings, 32)
    classifier, training = train(job, extractor)
    best = training.history[training.best_epoch - 1]
    assert best["eval_accuracy"] >= 0.8
    images = np.concatenate([images for images, _ in job.eval.batches(16).as_numpy_iterator()])
    predicted = classifier.core(images.astype(np.float32), training=False).numpy().argmax(axis=1)
    assert (predicted == job.eval.labels).mean() == pytest.approx(best["eval_accuracy"])


def test_features_are_computed_once_and_taken_again_after_a_restart(small_frozen, job):
    job = replace(job, settings=SETTINGS.model_copy(update={"epochs": 1}))
    keras.utils.set_random_seed(1)
    train(job, build_extractor(job.settings, 32))
    kept = {file.name: file.stat().st_mtime_ns for file in job.checkpoints.glob("features_*.npz")}
    assert set(kept) == {"features_0.npz", "features_1.npz", "features_2.npz", "features_eval.npz"}
    (job.checkpoints / "features_2.npz").unlink()

    views = (
        np.load(job.checkpoints / "features_0.npz")["outputs"],
        np.load(job.checkpoints / "features_1.npz")["outputs"],
    )
    assert (views[0] != views[1]).any(axis=1).all()
    keras.utils.set_random_seed(1)
    train(job, build_extractor(job.settings, 32))
    again = {file.name: file.stat().st_mtime_ns for file in job.checkpoints.glob("features_*.npz")}
    assert {name for name in again if again[name] != kept[name]} == {"features_2.npz"}
