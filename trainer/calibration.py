"""How far a score of .8 means 80 %, and the temperature that brings it nearer. No TensorFlow."""

from typing import Final

import numpy as np
from scipy import optimize, special

from trainer.assessment import Bin, Reliability
from trainer.bootstrap import resample
from trainer.metrics import rate
from trainer.servable import Rate
from trainer.statistics import complete_likeness, per_patient, wilson

TEMPERATURES: Final = (0.1, 10.0)  #: A network further off is not miscalibrated but broken.
MOST_BINS: Final = 10
LEAST_FILMS: Final = 5


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities float32 [n, C] after temperature scaling, as ``trainer.signatures.Decision.calibrated`` has it."""
    if temperature == 1:
        return probabilities
    return special.softmax(_log(probabilities) / np.float32(temperature), axis=1)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature under which the labels are most likely, 0.1 to 10.

    Where the most probable class is the true one for every film, the likelihood grows without end as the temperature
    falls: such films cannot tell how sure the network may be, and it stays 1.

    Args:
        probabilities: float32 [n, C] of the network, n >= 1.
        labels: int [n], index of the true class.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML (2017) 1321-1330.
    """
    logits, films = _log(probabilities).astype(float), np.arange(len(labels))
    if (logits.argmax(axis=1) == labels).all():
        return 1.0

    def loss(log_temperature: float) -> float:
        return -float(special.log_softmax(logits / np.exp(log_temperature), axis=1)[films, labels].mean())

    found = optimize.minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def reliability(scores: np.ndarray, positives: np.ndarray, patients: np.ndarray, seed: int = 0) -> Reliability:
    """The reliability curve, the expected calibration error and the Brier score.

    The bins hold equally many films, at least 5 (all of them where there are fewer) and equal scores together.

    Chance raises the error, for it is never negative, and a bootstrap's percentiles with it: under a perfectly
    calibrated model they lie above the truth. What bounds its distance from the truth is the mean distance of the
    shares from their own expectation (triangle inequality); that is bootstrapped, and taken to both sides. In a bin
    whose films are all of one side no draw shows another: added is the share of such films times what Wilson's interval
    leaves for as many without an exception. The interval is wide, and it is what so few films tell.

    Args:
        scores: Probability of the positive class, [n], n >= 1.
        positives: bool [n].
        patients: str [n].
        seed: Of the bootstrap.

    Source: Guo et al. (2017), section 2; bins of equally many films: Nixon et al., Measuring Calibration in Deep
    Learning, CVPR Workshops (2019).
    """
    score, truth = np.asarray(scores, float), np.asarray(positives, float)
    bin_of_film = _bins(score)
    members = (bin_of_film[:, np.newaxis] == np.arange(bin_of_film.max() + 1)).astype(float)
    excess = (score - truth)[:, np.newaxis] * members

    centre = excess.sum(axis=0) / members.sum(axis=0)
    patients_of = np.array([np.unique(patients[films]).size for films in members.T.astype(bool)])
    small = np.sqrt(patients_of / np.maximum(patients_of - 1, 1))  # a bootstrap of few is too narrow by this

    def errors(weights: np.ndarray) -> np.ndarray:
        films = np.maximum(weights.sum(axis=1), 1)  # none are left without the only patient
        of_bins = weights @ excess
        own = (of_bins - weights @ members * centre) * small
        return np.stack([np.abs(of_bins).sum(axis=1) / films, np.abs(own).sum(axis=1) / films], axis=1)

    resampled = resample(errors, patients, seed)
    error = float(resampled.values[0])
    distance = resampled.percentiles(1, 0.9)[1] + _unseen(truth, patients, members)
    return Reliability(
        error=Rate(
            value=error,
            low=max(error - distance, 0.0),
            high=min(error + distance, 1.0),
            n=score.size,
            patients=np.unique(patients).size,
        ),
        brier=float(((score - truth) ** 2).mean()),
        bins=tuple(_bin(score[films], positives[films], patients[films]) for films in members.T.astype(bool)),
    )


def _log(probabilities: np.ndarray) -> np.ndarray:
    """The log of float32 probabilities, bounded as the served graph bounds it."""
    return np.log(np.maximum(probabilities, np.float32(1e-30)))


def _bins(score: np.ndarray) -> np.ndarray:
    """Index of the bin of each film, int64 [n], from low scores to high."""
    ordered = np.sort(score)
    count = min(MOST_BINS, max(score.size // LEAST_FILMS, 1))
    bounds = [0]
    for index in range(1, count):
        bound = int(np.searchsorted(ordered, ordered[score.size * index // count]))
        if bound - bounds[-1] >= LEAST_FILMS and score.size - bound >= LEAST_FILMS:
            bounds.append(bound)
    return np.searchsorted(ordered[bounds], score, side="right") - 1


def _bin(score: np.ndarray, positives: np.ndarray, patients: np.ndarray) -> Bin:
    return Bin(
        low=float(score.min()), high=float(score.max()), score=float(score.mean()), share=rate(positives, patients)
    )


def _unseen(truth: np.ndarray, patients: np.ndarray, members: np.ndarray) -> float:
    """The share of films in bins of one side, times the share among them that may be of the other, unseen."""
    positives = truth @ members
    pure = members[:, (positives == 0) | (positives == members.sum(axis=0))].any(axis=1)
    if not pure.any():
        return 0.0
    effect = complete_likeness(per_patient(truth[pure], patients[pure])[1])
    return float(pure.mean()) * wilson(0, pure.sum() / effect).high
