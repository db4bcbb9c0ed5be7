"""The small models of the probes: each is fitted to many labelings of the same films at once.

What does not depend on the labels (scales, distances, axes) is computed once per fold, so a permutation costs one fit.
Both models weigh the classes equally, so that neither the share of a class nor its luck in a fold shows in a score.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.svm import SVC

#: Blocks of features, float [n, d] each, of the same films.
Blocks = Sequence[np.ndarray]
#: Of a training and a test part of the films and labelings bool [L, n] of the first: scores float [L, m] of the second.
Model = Callable[[Blocks, Blocks, np.ndarray], np.ndarray]


def _logistic(train: Blocks, test: Blocks, labelings: np.ndarray, *, strength: float) -> np.ndarray:
    """L2-penalised logistic regression on standardised features; ``strength`` is scikit-learn's C.

    The weights are a sum of training films, so that with more features than films the fit on the films' principal
    axes is the same fit, only faster.
    """
    a, b = _standardised(np.hstack(train), np.hstack(test))
    if a.shape[1] > a.shape[0]:
        a, b = _on_principal_axes(a, b)

    def fit(labels: np.ndarray) -> np.ndarray:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
        return np.asarray(model.fit(a, labels).decision_function(b))

    return _of_each(labelings, b.shape[0], fit)


def svm(train: Blocks, test: Blocks, labelings: np.ndarray) -> np.ndarray:
    """Support vector machine, C = 1, with a Gaussian kernel over standardised features.

    With one block the width is scikit-learn's ``gamma="scale"``; several blocks weigh the same, however many features
    each has.
    """
    among, across = 0.0, 0.0
    for one, other in zip(train, test, strict=True):
        a, b = _standardised(one, other)
        spread = a.var(axis=0).sum() or 1.0
        among = among + euclidean_distances(a, squared=True) / spread
        across = across + euclidean_distances(b, a, squared=True) / spread
    inner, outer = np.exp(-among / len(train)), np.exp(-across / len(train))

    def fit(labels: np.ndarray) -> np.ndarray:
        model = SVC(C=1.0, kernel="precomputed", class_weight="balanced")
        return np.asarray(model.fit(inner, labels).decision_function(outer))

    return _of_each(labelings, test[0].shape[0], fit)


def _of_each(labelings: np.ndarray, films: int, fit: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    scores = np.zeros((len(labelings), films))
    for index, labels in enumerate(labelings):
        if labels.any() and not labels.all():
            scores[index] = fit(labels)
    return scores


def _on_principal_axes(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    squares, axes = np.linalg.eigh(train @ train.T)  # of the films, not of the features: far smaller
    kept = squares > 1e-10 * squares.max(initial=0.0)
    lengths = np.sqrt(squares[kept])
    return axes[:, kept] * lengths, (test @ train.T) @ axes[:, kept] / lengths


def _standardised(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(scale > 1e-9 * (np.abs(mean) + 1e-9), scale, np.inf)  # constant in this fold: says nothing
    return (train - mean) / scale, (test - mean) / scale


#: For a few features, and, with the strong penalty that as many as a rim has pixels want, for those.
logistic: Final[Model] = partial(_logistic, strength=1.0)
logistic_of_pixels: Final[Model] = partial(_logistic, strength=0.01)
