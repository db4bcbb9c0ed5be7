"""A classifier fitted to films, or its head alone to features that a frozen backbone has computed once."""

import numpy as np
import tensorflow as tf

from trainer.augmentation import build_augmentation
from trainer.inference import Inference
from trainer.input import one_hot
from trainer.job import Job
from trainer.model import Classifier, Extractor, build_classifier
from trainer.training import Batches, Training, fit
from trainer.weights import RANDOM

EVAL_FEATURES = "features_eval.npz"


def train(job: Job, extractor: Extractor) -> tuple[Classifier, Training]:
    """Fits a classifier; with ``feature_views`` only its head, on features computed once."""
    settings, classes = job.settings, len(job.train.classes)
    normalise = extractor.frozen and settings.weights == RANDOM
    views = settings.feature_views if extractor.frozen else 0
    infer = Inference(extractor.model, settings.batch_size)
    features = None
    if normalise or views:
        features = infer.kept(job.checkpoints / "features_0.npz", job.train, "features of train films")
    classifier = build_classifier(settings, extractor, classes, features if normalise else None)
    positive = job.train.classes.index(job.positive)
    checkpoint = job.checkpoints / "state.npz"

    if features is None or not views:
        films = Batches(
            of_epoch=lambda epoch: job.train.batches(settings.batch_size, shuffle_seed=settings.seed + epoch),
            steps=-(-len(job.train) // settings.batch_size),
            evaluation=job.eval.batches(settings.batch_size),
        )
        return classifier, fit(
            classifier.training,
            films,
            positive,
            settings,
            frozen=extractor.model if extractor.frozen else None,
            checkpoint=checkpoint,
            log_dir=job.log_dir,
        )

    augmented = [
        infer.kept(
            job.checkpoints / f"features_{view}.npz",
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
    batches = Batches(shuffled, -(-len(inputs) // settings.batch_size), evaluation.batch(settings.batch_size))
    return classifier, fit(classifier.head, batches, positive, settings, checkpoint=checkpoint, log_dir=job.log_dir)


def score_eval(job: Job, classifier: Classifier) -> np.ndarray:
    """Probabilities of the eval films, float32 [n, C]; a frozen backbone sees each of them only once."""
    if not classifier.extractor.frozen:
        return Inference(classifier.core, job.settings.batch_size)(job.eval, "scoring eval films")
    infer = Inference(classifier.extractor.model, job.settings.batch_size)
    features = infer.kept(job.checkpoints / EVAL_FEATURES, job.eval, "features of eval films")
    return np.asarray(classifier.head(features, training=False))
