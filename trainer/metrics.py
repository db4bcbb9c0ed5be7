"""Rates with their intervals, from the scores of a split."""

import numpy as np

from trainer.servable import Rate
from trainer.statistics import auc, bootstrap_auc, design_effect, per_patient, wilson


def measure(
    scores: np.ndarray, positives: np.ndarray, patients: np.ndarray, threshold: float, seed: int
) -> dict[str, Rate]:
    """Recall, specificity and AUC of the positive class, each with its 95 % interval.

    Args:
        scores: float32 [n], probability of the positive class.
        positives: bool [n].
        patients: str [n].
        threshold: scores from here on count as positive; compared in float32, as the served graph does.
        seed: of the bootstrap.

    Raises:
        RunError: All films are positive, or none is.
    """
    found = np.asarray(scores, np.float32) >= np.float32(threshold)
    return {
        "recall": rate(found[positives], patients[positives]),
        "specificity": rate(~found[~positives], patients[~positives]),
        "auc": area_under_curve(scores, positives, patients, seed),
    }


def area_under_curve(scores: np.ndarray, positives: np.ndarray, patients: np.ndarray, seed: int) -> Rate:
    """The area under the ROC curve with its interval; arguments and errors as of :func:`measure`."""
    interval = bootstrap_auc(scores, positives, patients, seed)
    value = auc(scores, positives)
    return Rate(value=value, low=interval.low, high=interval.high, n=positives.size, patients=np.unique(patients).size)


def rate(successes: np.ndarray, patients: np.ndarray) -> Rate:
    """A share of films with its Wilson interval, widened where patients have several films.

    Args:
        successes: bool [n], n >= 1.
        patients: str [n].
    """
    effect = design_effect(*per_patient(successes, patients))
    k, n = int(successes.sum()), successes.size
    interval = wilson(k / effect, n / effect)
    return Rate(value=k / n, low=interval.low, high=interval.high, n=n, patients=np.unique(patients).size)


def f1(found: np.ndarray, positives: np.ndarray, patients: np.ndarray) -> Rate:
    """F1 of the films that are positive or called so, with its interval.

    Of these films a share J is both, and F1 = 2 J / (1 + J) rises with J: so its interval is J's (:func:`rate`), and no
    bootstrap is needed, which would have no spread at F1 = 1.

    Args:
        found: bool [n], the model calls the film positive.
        positives: bool [n]; one film at least is positive or called so.
        patients: str [n].
    """
    either = found | positives
    share = rate((found & positives)[either], patients[either])
    value, low, high = (2 * j / (1 + j) for j in (share.value, share.low, share.high))
    return Rate(value=value, low=low, high=high, n=share.n, patients=share.patients)
