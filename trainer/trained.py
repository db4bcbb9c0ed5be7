"""From records to a classifier that has been trained and knows its threshold; nothing is exported yet."""

from dataclasses import dataclass

import keras

from trainer.calibration import calibrated, fit_temperature
from trainer.devices import check_gpu, training_devices
from trainer.errors import RunError
from trainer.fine_tuning import check_fine_tuning
from trainer.fitting import score_eval, train
from trainer.input import Split
from trainer.job import Job
from trainer.metrics import measure
from trainer.model import Classifier, build_extractor, check_image_size
from trainer.precision import to_float32
from trainer.servable import ModelInfo
from trainer.signatures import Decision
from trainer.statistics import threshold_for_recall
from trainer.weights import RANDOM, fetch_weights, name_weights


@dataclass(frozen=True)
class Trained:
    """A trained classifier.

    Attributes:
        classifier: with the weights of the best epoch, in float32.
        decision: how its probabilities become a label.
        info: what ``model.json`` says of it.
    """

    classifier: Classifier
    decision: Decision
    info: ModelInfo


def train_and_decide(job: Job) -> Trained:
    """Trains, and chooses temperature and threshold on the eval split.

    The threshold is chosen on the calibrated scores. Both come from the same films, so what is measured on these is a
    little too good: the test split is what counts.

    Raises:
        UsageError: Settings that do not go with the data.
        RunError: No GPU where one is asked for, weights out of reach, a split without films of both classes, a loss
            that is not a number, not enough memory.
    """
    check_gpu(job.settings)
    keras.utils.set_random_seed(job.settings.seed)
    check_image_size(job.settings.backbone, job.train.image_size)
    weights_file = fetch_weights(job.settings)
    for split, name in ((job.train, "train"), (job.eval, "eval")):
        check_classes(split, job.positive, name)
    with training_devices(job.settings):
        extractor = build_extractor(job.settings, job.train.image_size, weights_file)
        check_fine_tuning(job.settings, extractor)
        classifier, training = train(job, extractor)
    to_float32(classifier.core)  # before anything is scored: what is exported must decide as what was measured

    probabilities, temperature = score_eval(job, classifier), 1.0
    if job.threshold.calibration == "temperature":
        temperature = fit_temperature(probabilities, job.eval.labels)
        probabilities = calibrated(probabilities, temperature)
    index = job.eval.classes.index(job.positive)
    scores, positives = probabilities[:, index], job.eval.labels == index
    threshold = threshold_for_recall(scores, positives, job.threshold.target_recall)

    weights = name_weights(job.settings, weights_file)
    info = ModelInfo(
        classes=job.eval.classes,
        positive=job.positive,
        threshold=threshold,
        temperature=temperature,
        target_recall=job.threshold.target_recall,
        image_size=job.eval.image_size,
        backbone=job.settings.backbone,
        weights=weights,
        trainable_parameters=classifier.trainable_parameters,
        settings=job.settings.model_dump(mode="json") | {"weights": weights},
        training=training.record(),
        data_digest=job.data_digest,
        code_digest=job.code_digest,
        seed=job.settings.seed,
        tuning=job.tuning,
        metrics={"eval": measure(scores, positives, job.eval.patients, threshold, job.settings.seed)},
        notes=_notes(weights),
    )
    return Trained(classifier, Decision(job.eval.classes, job.positive, threshold, temperature), info)


def check_classes(split: Split, positive: str, name: str) -> None:
    """Refuses a split without positive films, or without others.

    Raises:
        RunError: It counts them.
    """
    index = split.classes.index(positive)
    positives = int((split.labels == index).sum())
    if not 0 < positives < len(split):
        raise RunError(
            f"the {name} split has {len(split)} films, {positives} of them {positive}; it needs {positive} films and "
            "others: give more patients or a larger share of the split"
        )


def _notes(weights: str) -> tuple[str, ...]:
    if weights == RANDOM:
        return ("The backbone has random weights: this model proves the plumbing only and reads no film.",)
    return ()
