"""A classifier fitted to films, or its head alone to features that a frozen backbone has computed once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer.augmentation import build_augmentation
from trainer.class_weights import balanced_weights
from trainer.devices import dtype_policy
from trainer.fine_tuning import fine_tune
from trainer.inference import Inference
from trainer.input import one_hot
from trainer.job import Job
from trainer.memory import explained_memory
from trainer.model import Classifier, Extractor, build_classifier
from trainer.training import Batches, Training, fit
from trainer.weights import RANDOM

EVAL_FEATURES = "features_eval.npz"


def train(job: Job, extractor: Extractor) -> tuple[Classifier, Training]:
    """Fits a classifier; with ``feature_views`` only its head, on features computed once.

    Raises:
        UsageError: ``fine_tune`` names layers that the backbone does not have.
        RunError: The loss or a weight is not a number any more, or memory ran out.
    """
    settings, classes = job.settings, len(job.train.classes)
    normalise = extractor.frozen and settings.weights == RANDOM
    views = settings.feature_views if extractor.frozen else 0
    infer = Inference(extractor.model, settings.batch_size)
    features = None
    with explained_memory(settings):
        if normalise or views:
            features = infer.kept(_kept(job) / "features_0.npz", job.train, "features of train films")
        classifier = build_classifier(settings, extractor, classes, features if normalise else None)
        batches = _batches_of_films(job) if features is None or not views else _batches_of_features(job, infer, views)
    positive = job.train.classes.index(job.positive)
    weights = balanced_weights(job.train.labels, classes) if settings.class_weights == "balanced" else None
    training = fit(
        classifier.head if views else classifier.training,
        batches,
        positive,
        settings,
        class_weights=weights,
        frozen=extractor.model if extractor.frozen and not views else None,
        checkpoint=_kept(job) / "state.npz",
        log_dir=job.log_dir,
    )
    if weights is not None:
        training = replace(training, class_weights=tuple(weights.tolist()))
    return fine_tune(
        classifier,
        batches,
        positive,
        settings,
        training,
        checkpoint=_kept(job) / "fine_tuning.npz",
        log_dir=str(Path(job.log_dir) / "fine_tuning") if job.log_dir else None,
    )


def score_eval(job: Job, classifier: Classifier) -> np.ndarray:
    """Probabilities of the eval films, float32 [n, C]; a frozen backbone sees each of them only once."""
    with explained_memory(job.settings):
        if not classifier.extractor.frozen:
            return Inference(classifier.core, job.settings.batch_size)(job.eval, "scoring eval films")
        infer = Inference(classifier.extractor.model, job.settings.batch_size)
        features = infer.kept(job.checkpoints / EVAL_FEATURES, job.eval, "features of eval films")
        return np.asarray(classifier.head(features, training=False))


def _kept(job: Job) -> Path:
    """The folder of what a restart goes on from, one for each precision.

    ``auto`` may come to another on the machine of the restart, where the optimizer has other variables.
    """
    return job.checkpoints / dtype_policy(job.settings)


def _batches_of_films(job: Job) -> Batches:
    settings = job.settings
    return Batches(
        of_epoch=lambda epoch: job.train.batches(settings.batch_size, shuffle_seed=settings.seed + epoch),
        steps=-(-len(job.train) // settings.batch_size),
        evaluation=job.eval.batches(settings.batch_size),
    )


def _batches_of_features(job: Job, infer: Inference, views: int) -> Batches:
    settings, classes = job.settings, len(job.train.classes)
    features = infer.kept(_kept(job) / "features_0.npz", job.train, "features of train films")
    augmented = [
        infer.kept(
            _kept(job) / f"features_{view}.npz",
            job.train,
            f"features of train films, view {view} of {views}",
            # A seed for each view, so that a view comes out the same whichever were computed before a restart.
            build_augmentation(settings.augmentation, job.train.image_size, settings.seed + 1000 * view),
        )
        for view in range(1, views + 1)
    ]
    inputs = np.concatenate([features, *augmented])
    labels = np.tile(one_hot(job.train.labels, classes), (views + 1, 1))
    eval_features = infer.kept(job.checkpoints / EVAL_FEATURES, job.eval, "features of eval films")

    def shuffled(epoch: int) -> tf.data.Dataset:
        order = np.random.default_rng((settings.seed, epoch)).permutation(len(inputs))
        return tf.data.Dataset.from_tensor_slices((inputs[order], labels[order])).batch(settings.batch_size)

    evaluation = tf.data.Dataset.from_tensor_slices((eval_features, one_hot(job.eval.labels, classes)))
    return Batches(shuffled, -(-len(inputs) // settings.batch_size), evaluation.batch(settings.batch_size))
