"""Which films belong to which slice of the evaluation. No TensorFlow."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from trainer.assessment import OVERALL
from trainer.predictions import Predictions

UNKNOWN: Final = "unknown"
#: First year of life of each age group. Children stand apart, for their chests look different; above, 20 years each,
#: for a test split of 80 films leaves narrower groups too few films to say anything of.
AGES: Final = (0, 18, 40, 60, 80)
AGE_GROUPS: Final = (*(f"{low}-{high - 1}" for low, high in pairwise(AGES)), f"{AGES[-1]}+")


def age_group(age: float) -> str:
    """``40-59`` for 59.9 years, ``unknown`` for NaN."""
    return AGE_GROUPS[int(np.searchsorted(AGES, max(age, 0), side="right")) - 1] if np.isfinite(age) else UNKNOWN


def _crossed(predictions: Predictions) -> list[str]:
    pairs = zip(predictions.view, predictions.source, strict=True)
    return [f"{view or UNKNOWN} x {source or UNKNOWN}" for view, source in pairs]


#: What tells the slices -> the value of each film.
VALUES: Final[dict[str, Callable[[Predictions], list[str]]]] = {
    "view": lambda predictions: [view or UNKNOWN for view in predictions.view],
    "source": lambda predictions: [source or UNKNOWN for source in predictions.source],
    "sex": lambda predictions: [sex or UNKNOWN for sex in predictions.sex],
    "age group": lambda predictions: [age_group(age) for age in predictions.age],
    "view x source": _crossed,
}


def slices(predictions: Predictions) -> Iterator[tuple[str, str, np.ndarray]]:
    """All films first, then those of every value that occurs, by value, in the order of ``VALUES``.

    Yields:
        What tells the slice, its value, and bool [N]: its films.
    """
    yield OVERALL, "", np.ones(len(predictions), bool)
    for by, values_of in VALUES.items():
        values = np.array(values_of(predictions), str)
        # "0-17" to "80+" stand in the order of age by their first digit too; what is unknown comes last.
        for value in sorted(set(values.tolist()), key=lambda value: (value == UNKNOWN, value)):
            yield by, value, values == value
