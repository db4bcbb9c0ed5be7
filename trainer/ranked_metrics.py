"""Metrics of the order of the scores, whatever the threshold, on one bootstrap of patients. No TensorFlow."""

import numpy as np

from trainer.bootstrap import resample
from trainer.metrics import rate
from trainer.ranking import rank
from trainer.servable import Rate
from trainer.statistics import Interval, pairs_of, with_spread


def ranked_metrics(
    scores: np.ndarray, positives: np.ndarray, patients: np.ndarray, sensitivity: float, seed: int
) -> dict[str, Rate]:
    """Area under the ROC curve, average precision, and the best specificity at a sensitivity.

    Their intervals are a bootstrap's of patients. Where the scores separate the classes completely it has no spread,
    and they are Clopper-Pearson's instead (``trainer.statistics.with_spread``): for area and specificity on pairs of
    patients; for average precision, a mean of precisions, on the positive patients, for the last of those precisions
    is all of them among as many.

    The specificity's interval is never narrower than that of the same specificity at a fixed threshold: what it adds is
    that the threshold was read off the same films. In simulations it held the truth in 89 to 92 of 100 cases with 20
    positive films and a sensitivity of .95, in 95 from 40 on: a lowest score is hard to resample.

    Args:
        scores: Probability of the positive class, [n].
        positives: bool [n], two patients at least of either side.
        patients: str [n].
        sensitivity: As of ``trainer.assess.assess``.
        seed: Of the bootstrap.
    """
    cuts = rank(scores, positives)

    def statistics(weights: np.ndarray) -> np.ndarray:
        counted = cuts(weights)
        return np.stack([counted.auc, counted.average_precision, counted.specificity_at(sensitivity)], axis=1)

    resampled = resample(statistics, patients, seed)
    area, precision, specificity = resampled.values.tolist()
    pairs, fixed = pairs_of(positives, patients), rate(_spared(scores, positives, sensitivity), patients[~positives])
    at_sensitivity = with_spread(resampled.percentiles(2), specificity, pairs)
    intervals = {
        "auc": (area, with_spread(resampled.bca(0), area, pairs)),
        "pr_auc": (precision, with_spread(resampled.bca(1), precision, np.unique(patients[positives]).size)),
        "specificity_at_sensitivity": (
            specificity,
            Interval(min(at_sensitivity.low, fixed.low), max(at_sensitivity.high, fixed.high)),
        ),
    }
    n, count = scores.size, np.unique(patients).size
    return {
        name: Rate(value=value, low=interval.low, high=interval.high, n=n, patients=count)
        for name, (value, interval) in intervals.items()
    }


def not_rankable(positives: np.ndarray, patients: np.ndarray, sensitivity: float, positive: str) -> dict[str, str]:
    """Name of a metric -> why it is not computable.

    Args:
        positives: bool [n], whatever there is.
        patients: str [n].
        sensitivity: As of :func:`ranked_metrics`.
        positive: Name of the positive class.
    """
    count, sides = int(positives.sum()), (patients[positives], patients[~positives])
    reason = ""
    if not count:
        reason = f"no film is {positive}"
    elif count == positives.size:
        reason = f"every film is {positive}"
    elif min(np.unique(side).size for side in sides) < 2:
        of, side = ("", sides[0]) if np.unique(sides[0]).size < 2 else ("not ", sides[1])
        reason = f"the {side.size} films that are {of}{positive} are of one patient; an interval needs two"
    if reason:
        return dict.fromkeys(("auc", "pr_auc", "specificity_at_sensitivity"), reason)
    if count * (1 - sensitivity) < 1 - 1e-9:
        # The cut would be the lowest positive score; no draw undercuts it, and the bootstrap would be false certainty.
        return {
            "specificity_at_sensitivity": f"{count} {positive} films cannot tell a recall of {sensitivity:g} from 1"
        }
    return {}


def _spared(scores: np.ndarray, positives: np.ndarray, sensitivity: float) -> np.ndarray:
    """Bool [negative films]: below the highest threshold that reaches the sensitivity."""
    found = np.sort(scores[positives])[::-1]
    needed = int(np.ceil(sensitivity * found.size - 1e-9))
    return np.asarray(scores[~positives] < found[max(needed, 1) - 1])
