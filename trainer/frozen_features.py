"""What a frozen backbone says of the films of a training: computed once, kept in files, taken again after a restart."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer.augmentation import build_augmentation
from trainer.inference import Infer, kept
from trainer.input import Split, one_hot, untuned
from trainer.job import key_of
from trainer.settings import TrainerSettings
from trainer.training import Batches


@dataclass(frozen=True)
class FeatureFiles:
    """Where the features of one backbone are kept, and never those of another or of other films.

    Attributes:
        folder: of these weights alone.
        settings: ``backbone``, ``weights``, ``seed``, ``batch_size`` and, for augmented views, ``augmentation`` decide.
    """

    folder: Path
    settings: TrainerSettings

    def of(self, films: Split, view: int = 0) -> Path:
        """Features of all films of a split, as they are or in an augmented view, counted from 1."""
        # A random backbone hangs on the seed; with another batch size or on another device the last digits differ, on a
        # GPU that multiplies in TF32 more than those.
        device = "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
        told = [self.settings.weights, str(self.settings.seed), str(self.settings.batch_size), device]
        name = f"{films.fingerprint[:16]}_{view}"
        if view:
            name += f"_{key_of(self.settings.augmentation.model_dump_json())}"
        return self.folder / f"{self.settings.backbone}-{key_of(*told)}" / f"{name}.npz"


@dataclass(frozen=True)
class FrozenFeatures:
    """Features of the films of a training, rows in the order of the records.

    Attributes:
        train: of the train films as they are, float32 [n, d].
        views: of their augmented views, each float32 [n, d].
        eval: of the eval films, float32 [m, d].
    """

    train: np.ndarray
    views: tuple[np.ndarray, ...]
    eval: np.ndarray

    def batches(self, train: Split, evaluation: Split, settings: TrainerSettings) -> Batches:
        """Batches of (features [B, d], one-hot label [B, C]); an epoch holds every film and every view of it once.

        Args:
            train: the split whose features ``train`` and ``views`` are.
            evaluation: that of ``eval``.
            settings: ``batch_size`` and ``seed`` decide.
        """
        classes = len(train.classes)
        inputs = np.concatenate([self.train, *self.views])
        labels = np.tile(one_hot(train.labels, classes), (len(self.views) + 1, 1))
        with tf.device("CPU"):  # a GPU would hold them for the whole training
            rows = tf.data.Dataset.from_tensor_slices((inputs, labels)).with_options(untuned())
            held_back = tf.data.Dataset.from_tensor_slices((self.eval, one_hot(evaluation.labels, classes)))

        def shuffled(epoch: int) -> tf.data.Dataset:
            seed = settings.seed + epoch
            return rows.shuffle(len(inputs), seed=seed, reshuffle_each_iteration=False).batch(settings.batch_size)

        steps = -(-len(inputs) // settings.batch_size)
        return Batches(shuffled, steps, held_back.batch(settings.batch_size), at_once=steps)


def plain_features(infer: Infer, split: Split, files: FeatureFiles, name: str) -> np.ndarray:
    """Features of films as they are, kept; float32 [n, d]. ``name`` is that of the split."""
    return _kept(infer, split, files, f"features of {name} films")


def frozen_features(infer: Infer, train: Split, evaluation: Split, files: FeatureFiles) -> FrozenFeatures:
    """Computes what is not kept yet.

    Args:
        infer: the frozen backbone with its pooling.
        train: augmented, too.
        evaluation: as it is.
        files: their settings say how many views there are, and how strongly they are augmented.
    """
    settings = files.settings
    views, strength = settings.feature_views, settings.augmentation.strength
    plain = plain_features(infer, train, files, "train")

    def view(number: int) -> np.ndarray:
        what = f"features of train films at strength {strength:g}, view {number} of {views}"
        return _kept(infer, train, files, what, number)

    return FrozenFeatures(
        train=plain,
        # At strength 0 a view is the film as it is; the epochs stay as long as at any other.
        views=tuple(view(number) if strength else plain for number in range(1, views + 1)),
        eval=plain_features(infer, evaluation, files, "eval"),
    )


def _kept(infer: Infer, split: Split, files: FeatureFiles, what: str, view: int = 0) -> np.ndarray:
    """A file for each pattern, in the order of the records: the folds of a cross-validation train in many turns."""
    settings = files.settings

    def of(part: Split) -> np.ndarray:
        # A seed for each view, so that a view comes out the same whichever were computed before a restart.
        seed = settings.seed + 1000 * view
        augmentation = build_augmentation(settings.augmentation, part.image_size, seed) if view else None
        return kept(infer, files.of(part, view), part, what, augmentation)

    if len(split.patterns) == 1:
        return of(split)
    return np.concatenate([of(replace(split, patterns=(pattern,))) for pattern in sorted(split.patterns)])
