from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer import devices
from trainer.devices import training_devices
from trainer.fitting import score_eval, train
from trainer.input import Split
from trainer.job import Job
from trainer.model import build_extractor
from trainer.precision import MIXED, SINGLE, to_float32
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
    kept = {file.name: file.stat().st_mtime_ns for file in job.checkpoints.rglob("features_*.npz")}
    assert set(kept) == {"features_0.npz", "features_1.npz", "features_2.npz", "features_eval.npz"}
    (job.checkpoints / "float32" / "features_2.npz").unlink()

    views = (
        np.load(job.checkpoints / "float32" / "features_0.npz")["outputs"],
        np.load(job.checkpoints / "float32" / "features_1.npz")["outputs"],
    )
    assert (views[0] != views[1]).any(axis=1).all()
    keras.utils.set_random_seed(1)
    train(job, build_extractor(job.settings, 32))
    again = {file.name: file.stat().st_mtime_ns for file in job.checkpoints.rglob("features_*.npz")}
    assert {name for name in again if again[name] != kept[name]} == {"features_2.npz"}


def test_a_restart_in_another_precision_begins_anew_and_one_in_the_same_goes_on(small_frozen, job, monkeypatch, capsys):
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: {"compute_capability": (8, 0)})

    def start(gpus: int, epochs: int):
        monkeypatch.setattr(devices, "_gpus", lambda: [tf.config.PhysicalDevice("g", "GPU")] * gpus)
        changed = SETTINGS.model_copy(update={"feature_views": 0, "epochs": epochs, "xla": "off"})
        once_more = replace(job, settings=changed)
        keras.utils.set_random_seed(1)
        with training_devices(changed):
            classifier, training = train(once_more, build_extractor(changed, 32))
        to_float32(classifier.core)
        score_eval(once_more, classifier)
        return len(training.history), "before a restart" in capsys.readouterr().err

    assert start(gpus=1, epochs=1) == (1, False)
    assert start(gpus=0, epochs=2) == (2, False)
    assert start(gpus=1, epochs=2) == (2, True)
    kept = {str(file.relative_to(job.checkpoints)) for file in job.checkpoints.rglob("*.npz")}
    assert kept == {f"{policy}/{name}.npz" for policy in (MIXED, SINGLE) for name in ("state", "features_0")} | {
        f"{SINGLE}/features_eval.npz"
    }
