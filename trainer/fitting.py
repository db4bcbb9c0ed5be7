"""A classifier fitted to films, or its head alone to features that a frozen backbone has computed once."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from trainer.class_weights import balanced_weights
from trainer.devices import dtype_policy
from trainer.fine_tuning import fine_tune
from trainer.frozen_features import FeatureFiles, frozen_features, plain_features
from trainer.inference import Inference
from trainer.job import Job
from trainer.memory import explained_memory
from trainer.model import Classifier, Extractor, build_classifier
from trainer.precision import SINGLE
from trainer.training import Batches, Training, fit
from trainer.weights import RANDOM


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
    files = feature_files(job, dtype_policy(settings))
    with explained_memory(settings):
        features = plain_features(infer, job.train, files, "train") if normalise else None
        classifier = build_classifier(settings, extractor, classes, features)
        if views:
            computed = frozen_features(infer, job.train, job.eval, files)
            batches = computed.batches(job.train, job.eval, settings)
        else:
            batches = _batches_of_films(job)
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
        features = plain_features(infer, job.eval, feature_files(job), "eval")
        return np.asarray(classifier.head(features, training=False))


def feature_files(job: Job, policy: str = SINGLE) -> FeatureFiles:
    """Where the features of a training's films are kept that its backbone gives in such a precision."""
    return FeatureFiles((job.features or job.checkpoints) / policy, job.settings)


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
