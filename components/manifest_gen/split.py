"""Which films train, which choose, which test.

Within each class the patients stand in an order drawn from the seed and the source's own ids, and two cuts through
that order make the three splits. So neither the order of the rows nor the key of the pseudonyms matters; a new film
of a known patient moves nobody; and a new patient moves the two cuts by at most one patient each, where a fresh
shuffle would move most of them and put yesterday's training films into today's test.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.manifest_gen.rows import Film
from components.manifest_gen.settings import FoldSettings, SplitSettings
from trainer.errors import UsageError
from trainer.features import SPLITS, fold_names


def assign_splits(
    films: Sequence[Film], units: Mapping[Path, str], split: SplitSettings, seed: int, classes: Sequence[str]
) -> dict[Path, str]:
    """The split of every film, by its path.

    A patient with films of several classes goes whole, by the order of the class that comes first in `classes`. (So
    the one film that does move somebody is a known patient's first film of an earlier class.) With ``split.by: film``
    the films themselves are drawn, copies as one, and a patient may stand on both sides: it leaks,
    and is there to repeat studies that did so.

    Args:
        films: With `label`; every path once.
        units: As `components.manifest_gen.units.units_of` gives them, by path; more films than these may be in it.
        split: Shares.
        seed: Another seed, another order.
        classes: All classes, the one whose shares matter most first: the positive one.
    """
    names: dict[str, str] = {}
    for order in _orders(films, units, seed, classes):
        first, second = cuts(len(order), split)
        for name, part in zip(SPLITS, (order[:first], order[first:second], order[second:]), strict=True):
            names |= dict.fromkeys(part, name)
    return {film.path: names[units[film.path]] for film in films}


def assign_folds(
    films: Sequence[Film], units: Mapping[Path, str], folds: FoldSettings, seed: int, classes: Sequence[str]
) -> dict[Path, str]:
    """The fold of every film, by its path; the parts of a class differ by one unit at most.

    Arguments as of :func:`assign_splits`.

    Raises:
        UsageError: The first class, or the largest other one, cannot give every fold a unit.
    """
    orders = _orders(films, units, seed, classes)
    count = folds.folds
    others = max(zip(classes[1:], orders[1:], strict=True), key=lambda other: len(other[1]))
    for name, order in ((classes[0], orders[0]), others):
        if len(order) < count:
            raise UsageError(
                f"{count} folds need {count} {folds.by}s of {name}, but there are {len(order)}; give fewer folds (at "
                "least 3) or more films"
            )
    names: dict[str, str] = {}
    for order in orders:
        for place, name in enumerate(fold_names(count)):
            part = order[len(order) * place // count : len(order) * (place + 1) // count]
            names |= dict.fromkeys(part, name)
    return {film.path: names[units[film.path]] for film in films}


def cuts(count: int, split: SplitSettings) -> tuple[int, int]:
    """Where `count` units in a row are cut: train before the first cut, eval up to the second, test behind it.

    Cuts are rounded down (198 at 60, 20 and 20 % are 118, 40 and 40), but from three units on no split is empty; two
    are train and eval, one is train. One more unit moves each cut by 0 or 1, which the rounding of each share for
    itself would not keep.
    """
    first = _floor(count * split.train)
    second = _floor(count * (split.train + split.eval))
    first = min(max(first, 1), max(count - 2, 1))
    return first, max(min(second, count - 1), first + 1)


def draw(seed: int, unit: str) -> str:
    """A unit's place in the order that a seed draws: 64 hex digits, to be sorted by."""
    return hashlib.sha256(f"{seed}/{unit}".encode(errors="surrogateescape")).hexdigest()


def _orders(films: Sequence[Film], units: Mapping[Path, str], seed: int, classes: Sequence[str]) -> list[list[str]]:
    """The units of each class in the order that the seed draws."""
    ranks = {label: rank for rank, label in enumerate(classes)}
    homes: dict[str, int] = {}
    for film in films:
        unit = units[film.path]
        homes[unit] = min(homes.get(unit, len(ranks)), ranks[film.label])
    return [
        sorted((unit for unit, home in homes.items() if home == rank), key=lambda unit: draw(seed, unit))
        for rank in ranks.values()
    ]


def _floor(place: float) -> int:
    return math.floor(place + 1e-9)  # 10 x (0.7 + 0.1) is 7.999...
