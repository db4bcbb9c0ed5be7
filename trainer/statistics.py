"""Intervals, the operating threshold, the area under the curve and a paired test: numpy and scipy, no TensorFlow.

Counts may be fractions: films of one patient are alike, so ``k`` and ``n`` are divided by the design effect first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from trainer.bootstrap import REPLICATES, resample
from trainer.errors import RunError
from trainer.ranking import rank


@dataclass(frozen=True)
class Interval:
    """A confidence interval of a rate, 0 <= low <= high <= 1."""

    low: float
    high: float


def wilson(k: float, n: float, confidence: float = 0.95) -> Interval:
    """Score interval of k of n, for reading: its coverage is near the nominal one on average.

    Args:
        k: successes, 0 <= k <= n, not necessarily whole.
        n: trials; 0 gives the interval (0, 1), for nothing is known.
        confidence: coverage, between 0 and 1.

    Raises:
        ValueError: k is negative or above n.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    _check_counts(k, n)
    if n == 0:
        return Interval(0.0, 1.0)
    z = stats.norm.ppf((1 + confidence) / 2)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Interval(0.0 if k == 0 else float(max(centre - half, 0)), 1.0 if k == n else float(min(centre + half, 1)))


def clopper_pearson(k: float, n: float, confidence: float = 0.95) -> Interval:
    """Exact interval of k of n, for gates: its coverage is never below the nominal one.

    Args and errors as :func:`wilson`. The beta form also takes counts that are not whole.

    Source: Clopper and Pearson, Biometrika 26 (1934) 404-413.
    """
    _check_counts(k, n)
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(stats.beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(stats.beta.ppf(1 - tail, k + 1, n - k))
    return Interval(low, high)


def design_effect(successes: ArrayLike, films: ArrayLike) -> float:
    """How many times more films are needed because films of one patient are alike; never below 1.

    The variance of the rate with patients as the units (ratio estimator), over the variance of as many independent
    films, both unbiased: with one film each the effect is 1. Where all films are successes, or none is, there is no
    variance to estimate from: then the films of a patient count as one observation, which is the most that likeness
    can take away.

    Args:
        successes: successes of each patient, [patients].
        films: films of each patient, [patients], each >= 1.

    Raises:
        ValueError: No patient, a patient without films, or with more successes than films.

    Source: Rao and Scott, Biometrics 48 (1992) 577-585; complete likeness: Kish, Survey Sampling (1965), 5.4.
    """
    k, n = np.asarray(successes, float), np.asarray(films, float)
    if k.shape != n.shape or k.ndim != 1 or not k.size or (n < 1).any() or (k < 0).any() or (k > n).any():
        raise ValueError("successes and films are one number per patient, 0 <= successes <= films and films >= 1")
    total, patients = n.sum(), n.size
    rate = k.sum() / total
    if patients == 1 or rate in (0, 1):
        return complete_likeness(n)
    between = patients / (patients - 1) * ((k - rate * n) ** 2).sum() / total**2
    return float(max(1.0, between / (rate * (1 - rate) / (total - 1))))


def complete_likeness(films: ArrayLike) -> float:
    """The design effect where the films of a patient count as one observation: the largest that there can be.

    It does not depend on how the films came out, so a bound computed with it never rises with a miss.

    Args:
        films: films of each patient, [patients], each >= 1.

    Source: Kish, Survey Sampling (1965), 5.4.
    """
    n = np.asarray(films, float)
    return float((n**2).sum() / n.sum())


def per_patient(successes: ArrayLike, patients: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Successes and films of each patient, from one bool and one patient per film."""
    _, index = np.unique(np.asarray(patients), return_inverse=True)
    return np.bincount(index, np.asarray(successes, float)), np.bincount(index)


def threshold_for_recall(scores: ArrayLike, positives: ArrayLike, target: float) -> float:
    """The highest threshold that finds at least ``target`` of the positive films.

    It lies midway between the lowest positive score that must be accepted and the next lower score of any film (0
    where there is none), so that float noise in a score cannot turn a film over. It is a float32, because the served
    graph compares in float32.

    Args:
        scores: probability of the positive class, [n], 0..1.
        positives: whether each film is positive, bool [n].
        target: recall to reach, 0 < target <= 1.

    Raises:
        RunError: All films are positive, or none is.
    """
    score, positive = _two_classes(scores, positives)
    found = np.sort(score[positive])[::-1]
    lowest = found[int(np.ceil(target * found.size - 1e-9)) - 1]
    lower = score[score < lowest].max(initial=0.0)
    midway = np.float32((lowest + lower) / 2)
    return float(midway if lower < midway <= lowest else lowest)


def auc(scores: ArrayLike, positives: ArrayLike) -> float:
    """Area under the ROC curve: how often a positive film scores above a negative one, ties counting half.

    Raises:
        RunError: All films are positive, or none is.
    """
    score, positive = _two_classes(scores, positives)
    n, m = positive.sum(), (~positive).sum()
    return float((stats.rankdata(score)[positive].sum() - n * (n + 1) / 2) / (n * m))


def bootstrap_auc(
    scores: ArrayLike,
    positives: ArrayLike,
    patients: Sequence[str] | np.ndarray,
    seed: int,
    *,
    replicates: int = REPLICATES,
    confidence: float = 0.95,
) -> Interval:
    """Interval of :func:`auc` by the bootstrap of patients (``trainer.bootstrap``).

    Draws that hold one class only are left out. Where the scores separate the classes completely, see
    :func:`with_spread`: the trials are as many pairs of a positive and a negative patient as can be made without using
    one twice.

    Raises:
        RunError: All films are positive, or none is.
    """
    score, positive = _two_classes(scores, positives)
    _, patient = np.unique(np.asarray(patients), return_inverse=True)
    cuts = rank(score, positive)
    resampled = resample(lambda weights: cuts(weights).auc[:, np.newaxis], patient, seed, replicates)
    return with_spread(resampled.bca(0, confidence), auc(score, positive), pairs_of(positive, patient), confidence)


def with_spread(ends: tuple[float, float], value: float, trials: int, confidence: float = 0.95) -> Interval:
    """An interval from the ends that a bootstrap gave to a value in 0..1.

    Of a value of 0 or 1 its draws are all alike, and say nothing about the number of patients. Then the interval is
    Clopper-Pearson's for none or all of so many trials. Scores that are the same for all films are another matter:
    their area is one half whatever the films.
    """
    low, high = ends
    if not trials:
        return Interval(0.0, 1.0)
    return (
        clopper_pearson(value * trials, trials, confidence) if low == high == value in (0, 1) else Interval(low, high)
    )


def pairs_of(positives: np.ndarray, patients: np.ndarray) -> int:
    """Pairs of a positive and a negative patient that can be made without using one twice."""
    ones, others = np.unique(patients[positives]), np.unique(patients[~positives])
    return min(ones.size, others.size, np.union1d(ones, others).size // 2)  # some may have films of both sides


def mcnemar_exact(better: int, worse: int) -> tuple[float, float]:
    """McNemar's test of two classifiers on the same cases, from the cases on which one is right and the other wrong.

    Args:
        better: Cases that only the first has right.
        worse: Cases that only the second has right.

    Returns:
        The two-sided p-value, and the one-sided one: how likely so many ``worse`` or more are if the two are equally
        good. Both are 1 where the two never differ.

    Source: McNemar, Psychometrika 12 (1947) 153-157; the exact form is the sign test, by the binomial distribution.
    """
    if not better + worse:
        return 1.0, 1.0
    two_sided = stats.binomtest(worse, better + worse).pvalue
    return float(two_sided), float(stats.binomtest(worse, better + worse, alternative="greater").pvalue)


def _check_counts(k: float, n: float) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"k (={k:g}) must lie between 0 and n (={n:g})")


def _two_classes(scores: ArrayLike, positives: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    score, positive = np.asarray(scores, float), np.asarray(positives, bool)
    if positive.all() or not positive.any():
        raise RunError(
            f"{int(positive.sum())} of {positive.size} films are positive, but both classes are needed; "
            "give the split films of both"
        )
    return score, positive
