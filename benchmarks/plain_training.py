"""A frozen network trained as the study's notebook does it: Keras's fit, the whole network in every step.

The peer of the claims about a trained head. Films lie in memory as arrays, which is less work than the notebook's
folders, and are changed by Keras's ``ImageDataGenerator`` in the ranges of our own augmentation.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import keras
import numpy as np
import tensorflow as tf

from benchmarks.feature_cache import Network, job_of, rows_of, write_records
from components.manifest_gen.rows import ManifestRow
from pipeline.sample.data_set import draw_data_set
from pipeline.settings import RunSettings, load_settings
from trainer.features import EVAL, TRAIN
from trainer.inference import Inference
from trainer.input import Split, one_hot
from trainer.job import Job
from trainer.metrics import area_under_curve
from trainer.model import build_classifier, build_extractor
from trainer.optimizers import build_optimizer
from trainer.servable import Rate
from trainer.settings import Augmentation

SEED: Final = 1


@dataclass(frozen=True)
class Study:
    """A network, films of each class to train it on and to stop on, and how often."""

    network: Network
    train: int
    eval: int
    epochs: int = 50

    def __str__(self) -> str:
        return self.named(f"{2 * self.train} + {2 * self.eval} drawn films")

    def named(self, films: str) -> str:
        """In words, with these films."""
        return f"{films}, {self.network.name} at {self.network.side} px, {self.epochs} epochs, augmented"

    @property
    def films(self) -> int:
        """Films in an epoch, those of the eval split with them."""
        return 2 * (self.train + self.eval)


#: The study's size, and one for a glance.
STUDY: Final = Study(Network("inception_resnet_v2", 224, 1), train=118, eval=40)
GLANCE: Final = Study(Network("efficientnet_b0", 97, 1), train=16, eval=6)


def augmentation_of_the_study() -> Augmentation:
    """That of the profile ``study2020``: turned, zoomed, shifted, flipped, rescaled."""
    return load_settings("study2020", None, []).trainer.augmentation


def draw_study(study: Study, scratch: Path) -> tuple[Path, RunSettings]:
    """Records of drawn films, so many of each class and split, and the settings of the films; drawn once."""
    patients = 8 + study.train + study.eval  # three films to two of them, of which a fifth fall to the eval split
    films = scratch / f"films-of-{patients}-patients"
    settings = load_settings("sample", None, [f"data.root={films}"])
    if not films.exists():
        draw_data_set(films, patients=patients, seed=SEED)
    records = scratch / f"records-of-{study.train}-{study.eval}-at-{study.network.side}"
    if not records.exists():
        classes, draft = settings.data.classes, records.with_name(f".{records.name}")
        rows = some(rows_of(settings), classes, {TRAIN: study.train, EVAL: study.eval})
        write_records(rows, classes, study.network.side, draft)
        draft.rename(records)
    return records, settings


def some(rows: Sequence[ManifestRow], classes: Sequence[str], wanted: Mapping[str, int]) -> list[ManifestRow]:
    """The first so many rows of each class in each split that is ``wanted``.

    Raises:
        ValueError: There are fewer.
    """
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for row in rows:
        if taken[row.split, row.label] < wanted.get(row.split, 0):
            taken[row.split, row.label] += 1
            chosen.append(row)
    for split, films in wanted.items():
        for name in classes:
            if taken[split, name] < films:
                raise ValueError(f"{taken[split, name]} films of {name} in the split {split}; {films} are wanted")
    return chosen


def training_of(records: Path, settings: RunSettings, study: Study, seed: int, scratch: Path) -> Job:
    """The training with us: features of each train film and of a view of it, augmented as in the study; all epochs."""
    job = job_of(records, settings, study.network, 1, seed, study.epochs, scratch)
    return replace(job, settings=job.settings.model_copy(update={"augmentation": augmentation_of_the_study()}))


class PlainTraining:
    """The same network and head, trained by Keras's fit. A call trains an epoch; the first one builds the network.

    Args:
        job: What is trained; ``feature_views`` is not looked at.
        normalised: Whether the head normalises as ours does, without which it learns nothing of a random network.

    Attributes:
        first: Seconds of the first call: network, films, tracing and an epoch.
    """

    def __init__(self, job: Job, *, normalised: bool = False) -> None:
        self._job, self._normalised = job, normalised
        self._model: keras.Model | None = None
        self.first = 0.0

    def __call__(self) -> None:
        """Trains an epoch and evaluates after it."""
        begin = time.perf_counter()
        self._fit(1)
        self.first = self.first or time.perf_counter() - begin

    def best_auc(self, epochs: int) -> Rate:
        """Trains so many epochs; the area under the curve on the eval films with the weights of the best one."""
        job, stop = self._job, keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
        model = self._fit(epochs, stop)
        index = job.eval.classes.index(job.positive)
        scores = model.predict(self._eval[0], batch_size=job.settings.batch_size, verbose=0)[:, index]
        return area_under_curve(scores, job.eval.labels == index, job.eval.patients, job.settings.seed)

    def _fit(self, epochs: int, *callbacks: keras.callbacks.Callback) -> keras.Model:
        size = self._job.settings.batch_size
        if self._model is None:
            self._model = self._build()
            self._eval = _arrays(self._job.eval)
            films = study_generator(self._job.settings.augmentation)
            self._train = films.flow(*_arrays(self._job.train), batch_size=size, seed=self._job.settings.seed)
        self._model.fit(
            self._train,
            validation_data=self._eval,
            validation_batch_size=size,
            epochs=epochs,
            callbacks=list(callbacks),
            verbose=0,
        )
        return self._model

    def _build(self) -> keras.Model:
        settings, train = self._job.settings, self._job.train
        keras.utils.set_random_seed(settings.seed)
        extractor = build_extractor(settings, train.image_size)
        infer = Inference(extractor.model, settings.batch_size)
        features = infer(train, "features of train films") if self._normalised else None
        model = build_classifier(settings, extractor, len(train.classes), features).core
        model.compile(optimizer=build_optimizer(settings), loss="categorical_crossentropy", metrics=["accuracy"])
        return model


def whole(first: float, epoch: float, epochs: int) -> float:
    """Seconds of a plain training: its first epoch with the building before it, the others as long as ``epoch``."""
    return first + (epochs - 1) * epoch


def _arrays(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Images, float32 [n, S, S, 1] in 0..255, and one-hot labels, float32 [n, C]."""
    images = np.concatenate([images for images, _ in split.batches(256).as_numpy_iterator()])
    return images.astype(np.float32), one_hot(split.labels, len(split.classes))


def study_generator(ranges: Augmentation) -> tf.keras.preprocessing.image.ImageDataGenerator:
    """Keras's generator in our ranges, with black where a film ends, as ours has.

    It has nothing for a random factor on the grey levels but a function.
    """
    rng = np.random.default_rng(SEED)
    return tf.keras.preprocessing.image.ImageDataGenerator(
        rotation_range=ranges.rotation,
        zoom_range=ranges.zoom,
        width_shift_range=ranges.shift,
        height_shift_range=ranges.shift,
        horizontal_flip=ranges.horizontal_flip,
        preprocessing_function=lambda film: film * rng.uniform(1 - ranges.rescale, 1 + ranges.rescale),
        fill_mode="constant",
        cval=0.0,
    )
