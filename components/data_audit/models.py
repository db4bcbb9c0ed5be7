"""The small models of the probes: each is fitted to many labelings of the same films at once.

What does not depend on the labels (scales, distances, axes) is computed once per fold, so a permutation costs one fit.
All models weigh the classes equally, so that neither the share of a class nor its luck in a fold shows in a score.
"""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.naive_bayes import CategoricalNB
from sklearn.svm import SVC

#: Blocks of features, float [n, d] each, of the same films.
Blocks = Sequence[np.ndarray]
#: Of a training and a test part of the films and labelings bool [L, n] of the first: scores float [L, m] of the second.
Model = Callable[[Blocks, Blocks, np.ndarray], np.ndarray]


def naive_bayes(train: Blocks, test: Blocks, labelings: np.ndarray) -> np.ndarray:
    """Which class a category is more frequent in, both classes being equally likely; one column of codes, 0..r-1."""
    (a,), (b,) = train, test
    categories = int(max(a.max(), b.max())) + 1

    def fit(labels: np.ndarray) -> np.ndarray:
        model = CategoricalNB(fit_prior=False, min_categories=categories)
        return np.asarray(model.fit(a, labels).predict_proba(b)[:, 1] - 0.5)

    return _of_each(labelings, b.shape[0], fit)


def logistic_regression(train: Blocks, test: Blocks, labelings: np.ndarray) -> np.ndarray:
    """Logistic regression on standardised features, with a strong L2 penalty (C = 0.01), as thousands of pixels want.

    The weights are a sum of training films, so that with more features than films the fit on the films' principal
    axes is the same fit, only faster.
    """
    a, b = _standardised(np.hstack(train), np.hstack(test))
    if a.shape[1] > a.shape[0]:
        a, b = _on_principal_axes(a, b)

    def fit(labels: np.ndarray) -> np.ndarray:
        model = LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000)
        return np.asarray(model.fit(a, labels).decision_function(b))

    return _of_each(labelings, b.shape[0], fit)


def svm(train: Blocks, test: Blocks, labelings: np.ndarray) -> np.ndarray:
    """Support vector machine with a Gaussian kernel over standardised features of different units; C = 1.

    Its width is scikit-learn's ``gamma="scale"``.
    """
    return _svm([_standardised(a, b) for a, b in zip(train, test, strict=True)], labelings, penalty=1.0)


def svm_of_pixels(train: Blocks, test: Blocks, labelings: np.ndarray) -> np.ndarray:
    """The same over blocks of features that share a unit each, such as pixels: not standardised, C = 10.

    The blocks weigh the same, however many features each has.
    """
    return _svm(list(zip(train, test, strict=True)), labelings, penalty=10.0)


def _svm(parts: Sequence[tuple[np.ndarray, np.ndarray]], labelings: np.ndarray, penalty: float) -> np.ndarray:
    among, across = 0.0, 0.0
    for train, test in parts:
        spread = (train.var(axis=0).sum() or 1.0) * len(parts)
        among = among + euclidean_distances(train, squared=True) / spread
        across = across + euclidean_distances(test, train, squared=True) / spread
    inner, outer = np.exp(-among), np.exp(-across)

    def fit(labels: np.ndarray) -> np.ndarray:
        model = SVC(C=penalty, kernel="precomputed", class_weight="balanced")
        return np.asarray(model.fit(inner, labels).decision_function(outer))

    return _of_each(labelings, outer.shape[0], fit)


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
