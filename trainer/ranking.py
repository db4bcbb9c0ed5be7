"""What the order of the scores tells at every threshold, with films counted any number of times. No TensorFlow."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Cuts:
    """Films that score at or above each distinct score, from the highest down.

    Attributes:
        found: Positive ones, float64 [draws, cuts].
        false: Others, float64 [draws, cuts].
    """

    found: np.ndarray
    false: np.ndarray

    @property
    def auc(self) -> np.ndarray:
        """Area under the ROC curve, [draws], ties counting half; NaN without films of both sides."""
        rise, run = _steps(self.found), _steps(self.false)
        return _share((run * (self.found - rise / 2)).sum(axis=1), self.found[:, -1] * self.false[:, -1])

    @property
    def average_precision(self) -> np.ndarray:
        """Mean of the precisions at the cuts, weighted by the rise of recall, [draws]; NaN without positive films.

        It interpolates nothing, as scikit-learn's ``average_precision_score``; a trapezoid would flatter (Davis and
        Goadrich, ICML (2006) 233-240).
        """
        precision = self.found / np.maximum(self.found + self.false, 1)
        return _share((_steps(self.found) * precision).sum(axis=1), self.found[:, -1])

    def specificity_at(self, sensitivity: float) -> np.ndarray:
        """The best specificity among the thresholds with a recall of at least ``sensitivity``, [draws].

        NaN without films of both sides.
        """
        reached = self.found >= sensitivity * self.found[:, -1:] - 1e-9
        false = np.take_along_axis(self.false, reached.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
        both = self.found[:, -1] * self.false[:, -1]
        return np.where(both > 0, 1 - _share(false, self.false[:, -1]), np.nan)


def rank(scores: ArrayLike, positives: ArrayLike) -> Callable[[np.ndarray], Cuts]:
    """Puts films in the order of their scores.

    Args:
        scores: Probability of the positive class, [n], n >= 1.
        positives: bool [n].

    Returns:
        A function of how often each film counts, whole numbers as float64 [draws, n].
    """
    score, positive = np.asarray(scores, float), np.asarray(positives, bool)
    order = np.argsort(-score, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)

    def cuts(weights: np.ndarray) -> Cuts:
        ordered = weights[:, order]
        of_positives = np.cumsum(ordered * positive[order], axis=1)[:, last_of_ties]
        return Cuts(of_positives, np.cumsum(ordered, axis=1)[:, last_of_ties] - of_positives)

    return cuts


def _steps(cumulated: np.ndarray) -> np.ndarray:
    return np.diff(cumulated, axis=1, prepend=0)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
