"""Averages of a metric over the classes, with their intervals. No TensorFlow."""

from collections.abc import Sequence

import numpy as np

from trainer.servable import Rate


def average(rates: Sequence[Rate], weights: Sequence[float], *, independent: bool, n: int, patients: int) -> Rate:
    """The weighted mean of a metric over classes.

    Args:
        rates: Of each class, one at least, with their intervals.
        weights: Of each class; they need not make 1.
        independent: Whether the classes' figures come from different films, as recalls do, for each film has one true
            class, and precisions, for each is called one. Then an interval is the root of the squared distances of
            the classes' ends from their values, weighted (Zou and Donner). Otherwise it is the mean of the ends,
            as wide as if all classes erred together: F1 and the area under the curve of two classes share films.
        n: Films of all classes.
        patients: Theirs.

    Source: Zou and Donner, Stat. Med. 27 (2008) 1693-1702 (the method of variance estimates recovery).
    """
    share = np.asarray(weights, float) / np.sum(weights)
    value, low, high = (share @ [getattr(rate, end) for rate in rates] for end in ("value", "low", "high"))
    if independent:
        below, above = ([getattr(rate, end) - rate.value for rate in rates] for end in ("low", "high"))
        low, high = value - np.linalg.norm(share * below), value + np.linalg.norm(share * above)
    value, low, high = (float(np.clip(end, 0, 1)) for end in (value, low, high))
    return Rate(value=value, low=min(low, value), high=max(high, value), n=n, patients=patients)  # rounding errors
