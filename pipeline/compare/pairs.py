"""Each two networks on the same films, so that a difference of two films is not sold as one."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from pipeline.compare.result import Pair
from trainer.assessment import Comparison
from trainer.comparison import compare, compare_most_probable
from trainer.predictions import Predictions

LEVEL: Final = 0.05


def pairs_of(predictions: Mapping[str, Predictions]) -> tuple[Pair, ...]:
    """Compares accuracy by the most probable class, and recall and specificity at the thresholds, of each two networks.

    Args:
        predictions: Name of a network -> what it said of the test films.
    """
    found = [
        (first, second, one)
        for first, second in combinations(predictions, 2)
        for one in (
            compare_most_probable(predictions[first], predictions[second]),
            *compare(predictions[first], predictions[second]),
        )
    ]
    tested = iter(holm([one.p for _, _, one in found if one.films]))
    adjusted = [next(tested) if one.films else 1.0 for _, _, one in found]
    return tuple(
        Pair(
            first=first,
            second=second,
            of=one.of,
            films=one.films,
            patients=one.patients,
            only_first=one.better,
            only_second=one.worse,
            first_patients=one.better_patients,
            second_patients=one.worse_patients,
            p=one.p,
            p_adjusted=p,
            says=_said(first, second, one, p),
        )
        for (first, second, one), p in zip(found, adjusted, strict=True)
    )


def holm(p: Sequence[float]) -> list[float]:
    """P-values of several tests, adjusted so that the chance of any false alarm among them stays below the level.

    Args:
        p: Of each test, 0..1.

    Returns:
        The adjusted ones, in the same order, never below the given ones and never above 1.

    Source: Holm, Scand. J. Statist. 6 (1979) 65-70 (step-down Bonferroni).
    """
    adjusted, highest = [0.0] * len(p), 0.0
    for place, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        highest = max(highest, min(1.0, (len(p) - place) * p[index]))
        adjusted[index] = highest
    return adjusted


def _said(first: str, second: str, one: Comparison, p: float) -> str:
    """In words; patients decide, for they are the cases of the test."""
    differing = one.better + one.worse
    if not one.films:
        return "no film to compare on"
    if not differing:
        return f"both are right on the same of {one.films} films: no difference"
    counts = f"they differ on {differing} of {one.films} films ({first} alone is right on {one.better}, {second} on "
    counts += f"{one.worse})"
    of_patients = one.better_patients - one.worse_patients
    if p >= LEVEL:
        return f"{counts}: chance alone may do that, neither is shown to be better"
    better = first if of_patients > 0 else second
    said = f"{counts}: more than chance alone would do, {better} is right on more patients"
    if (one.better - one.worse) * of_patients > 0:
        return f"{said} and has the higher {one.of}"
    more, fewer = max(one.better_patients, one.worse_patients), min(one.better_patients, one.worse_patients)
    return f"{said} ({more} against {fewer}), but not on more films: a few patients have many"
