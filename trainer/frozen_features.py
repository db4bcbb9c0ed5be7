"""What a frozen backbone says of the films of a training: computed once, kept in files, taken again after a restart."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer.augmentation import build_augmentation
from trainer.inference import Infer, kept
from trainer.input import Split, one_hot
from trainer.settings import TrainerSettings
from trainer.training import Batches


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
        held_back = tf.data.Dataset.from_tensor_slices((self.eval, one_hot(evaluation.labels, classes)))

        def shuffled(epoch: int) -> tf.data.Dataset:
            order = np.random.default_rng((settings.seed, epoch)).permutation(len(inputs))
            return tf.data.Dataset.from_tensor_slices((inputs[order], labels[order])).batch(settings.batch_size)

        return Batches(shuffled, -(-len(inputs) // settings.batch_size), held_back.batch(settings.batch_size))


def train_features(infer: Infer, train: Split, folder: Path) -> np.ndarray:
    """Features of the train films as they are, kept in ``folder``; float32 [n, d]."""
    return kept(infer, folder / "features_0.npz", train, "features of train films")


def eval_features(infer: Infer, evaluation: Split, folder: Path) -> np.ndarray:
    """Features of the eval films, kept in ``folder``; float32 [m, d]."""
    return kept(infer, folder / "features_eval.npz", evaluation, "features of eval films")


def frozen_features(
    infer: Infer,
    train: Split,
    evaluation: Split,
    settings: TrainerSettings,
    folder: Path,
    folder_of_views: Path | None = None,
) -> FrozenFeatures:
    """Computes what is not in ``folder`` yet.

    Args:
        infer: the frozen backbone with its pooling.
        train: augmented, too.
        evaluation: as it is.
        settings: ``feature_views``, ``augmentation`` and ``seed`` decide.
        folder: of these records, this backbone and these settings alone.
        folder_of_views: of this augmentation, too, where ``folder`` serves several; None = ``folder``.
    """
    views, strength = settings.feature_views, settings.augmentation.strength
    plain = train_features(infer, train, folder)

    def view(number: int) -> np.ndarray:
        return kept(
            infer,
            (folder_of_views or folder) / f"features_{number}.npz",
            train,
            f"features of train films at strength {strength:g}, view {number} of {views}",
            # A seed for each view, so that a view comes out the same whichever were computed before a restart.
            build_augmentation(settings.augmentation, train.image_size, settings.seed + 1000 * number),
        )

    return FrozenFeatures(
        train=plain,
        # At strength 0 a view is the film as it is; the epochs stay as long as at any other.
        views=tuple(view(number) if strength else plain for number in range(1, views + 1)),
        eval=eval_features(infer, evaluation, folder),
    )
