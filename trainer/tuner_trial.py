"""One trial: a head fitted to features, and what it is worth on the eval split."""

import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from trainer.calibration import calibrated, fit_temperature
from trainer.class_weights import balanced_weights
from trainer.errors import DivergedError
from trainer.model import build_head
from trainer.search_job import SearchJob
from trainer.training import Stage, fit
from trainer.tuner_features import trial_features
from trainer.tuner_objective import measure_objective
from trainer.tuner_settings import tuned
from trainer.tuner_trials import Outcome
from trainer.weights import RANDOM


def run_trial(job: SearchJob, number: int, values: Mapping[str, Any]) -> Outcome:
    """Fits and measures a head, the same whichever trials came before.

    Args:
        job: the search.
        number: of the trial, from 1.
        values: of everything that is searched.

    Returns:
        The objective, with the weights of the best epoch; or why there is none, where the loss came to no number.

    Raises:
        RunError: Memory ran out, or weights are out of reach.
    """
    settings, tuner = tuned(job.search.trainer, values), job.search.tuner
    features, classes = trial_features(job, settings), len(job.train.classes)
    start = time.monotonic()
    keras.backend.clear_session()  # what the trials before have left would take memory
    keras.utils.set_random_seed(settings.seed)
    normalised_by = features.train if settings.weights == RANDOM else None
    head = build_head(settings, features.train.shape[1], classes, normalised_by)
    index = job.eval.classes.index(job.positive)
    name = f"trial {number} of {tuner.trials}"
    try:
        training = fit(
            head,
            features.batches(job.train, job.eval, settings),
            index,
            settings,
            stage=Stage(name, f"{name}: trained", "tuner"),
            class_weights=balanced_weights(job.train.labels, classes) if settings.class_weights == "balanced" else None,
        )
    except DivergedError as error:
        return Outcome(failure=str(error), seconds=round(time.monotonic() - start, 3))
    probabilities = np.asarray(head(features.eval, training=False))
    if job.search.calibration == "temperature":
        probabilities = calibrated(probabilities, fit_temperature(probabilities, job.eval.labels))
    return Outcome(
        rate=measure_objective(probabilities[:, index], job.eval.labels == index, job.eval.patients, tuner),
        eval_loss=training.eval_loss,
        best_epoch=training.best_epoch,
        epochs=len(training.history),
        seconds=round(time.monotonic() - start, 3),
    )
