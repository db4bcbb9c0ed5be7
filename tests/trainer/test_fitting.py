from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer import devices
from trainer.devices import training_devices
from trainer.fitting import feature_files, score_eval, train
from trainer.frozen_features import FeatureFiles, frozen_features, plain_features
from trainer.inference import Inference
from trainer.input import Split
from trainer.job import Job
from trainer.model import build_extractor
from trainer.precision import MIXED, SINGLE, to_float32
from trainer.settings import Augmentation, ThresholdSettings, TrainerSettings

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
    kept = {file.name: file.stat().st_mtime_ns for file in job.checkpoints.rglob("*_?*.npz")}
    files = feature_files(job)
    of_train = [files.of(job.train, view) for view in range(3)]
    assert set(kept) == {file.name for file in (*of_train, files.of(job.eval))}
    of_train[2].unlink()

    views = [np.load(file)["outputs"] for file in of_train[:2]]
    assert (views[0] != views[1]).any(axis=1).all()
    keras.utils.set_random_seed(1)
    train(job, build_extractor(job.settings, 32))
    again = {file.name: file.stat().st_mtime_ns for file in job.checkpoints.rglob("*_?*.npz")}
    assert {name for name in again if again[name] != kept[name]} == {of_train[2].name}


def test_folds_are_looked_at_once_whichever_of_them_are_trained_on(small_frozen, records, job, tmp_path):
    keras.utils.set_random_seed(1)
    infer = Inference(build_extractor(job.settings, 32).model, 8)
    asked: list[int] = []

    def counted(split: Split, what: str, augmentation: keras.Model | None) -> np.ndarray:
        asked.append(len(split))
        return infer(split, what, augmentation)

    files = FeatureFiles(tmp_path, SETTINGS.model_copy(update={"feature_views": 1}))
    both = Split((*records.train, *records.eval), CLASSES, 32)
    first = frozen_features(counted, both, job.eval, files)
    assert asked == [16, 24, 16, 24], "each fold as it is and in a view, in the order of the records"
    np.testing.assert_allclose(first.train, infer(both, ""), rtol=1e-4, atol=1e-4)
    second = frozen_features(counted, job.train, job.eval, files)
    assert asked[4:] == []
    np.testing.assert_array_equal(second.train, first.train[16:])
    np.testing.assert_array_equal(second.views[0], first.views[0][16:])
    np.testing.assert_array_equal(second.eval, first.train[:16])


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
    kept = {(file.relative_to(job.checkpoints).parts[0], file.name) for file in job.checkpoints.rglob("*.npz")}
    of_train, of_eval = (feature_files(job).of(films).name for films in (job.train, job.eval))
    assert kept == {(policy, name) for policy in (MIXED, SINGLE) for name in ("state.npz", of_train)} | {
        (SINGLE, of_eval)
    }


def test_features_of_another_network_seed_weights_or_augmentation_are_kept_apart(job, tmp_path):
    def kept_at(**changed: object) -> set[Path]:
        files = FeatureFiles(tmp_path, TrainerSettings(**{"feature_views": 1, **changed}))
        return {files.of(job.train), files.of(job.eval), files.of(job.train, 1)}

    assert kept_at() == kept_at(dense=8, epochs=3, learning_rate=0.1, optimizer="sgd", dropout=0.1)
    for other in ({"backbone": "vgg16"}, {"seed": 2}, {"weights": "random"}, {"batch_size": 8}):
        assert kept_at().isdisjoint(kept_at(**other))
    assert len(kept_at() - kept_at(augmentation=Augmentation(strength=0.5))) == 1


def test_features_of_a_gpu_and_of_a_processor_are_kept_apart(job, tmp_path, monkeypatch):
    of_processor = FeatureFiles(tmp_path, SETTINGS).of(job.train)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [tf.config.PhysicalDevice("g", "GPU")])
    assert FeatureFiles(tmp_path, SETTINGS).of(job.train).parent != of_processor.parent


def test_features_are_never_taken_for_those_of_other_films_in_the_same_place(write_records, tmp_path):
    def infer(split: Split, what: str, augmentation: keras.Model | None) -> np.ndarray:
        return next(iter(split.batches(99)))[0].numpy().mean(axis=(1, 2))

    records, files = tmp_path / "Split-train" / "a.gz", FeatureFiles(tmp_path, SETTINGS)
    features = []
    for first_seed in (0, 100):
        write_records(records, 4, first_seed)
        split = Split((str(records),), CLASSES, 32)
        features.append(plain_features(infer, split, files, "train"))
        np.testing.assert_array_equal(features[-1], infer(split, "", None))
    assert (features[0] != features[1]).all()
