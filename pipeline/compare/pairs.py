"""Each two networks on the same films, so that a difference of two films is not sold as one."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from pipeline.compare.result import Pair
from trainer.assessment import Comparison
from trainer.comparison import compare
from trainer.predictions import Predictions

LEVEL: Final = 0.05


def pairs_of(predictions: Mapping[str, Predictions]) -> tuple[Pair, ...]:
    """Compares recall and specificity of each two networks, each at its own threshold.

    Args:
        predictions: Name of a network -> what it said of the test films.
    """
    found = [
        (first, second, one)
        for first, second in combinations(predictions, 2)
        for one in compare(predictions[first], predictions[second])
    ]
    adjusted = holm([one.p for _, _, one in found])
    return tuple(
        Pair(
            first=first,
            second=second,
            of=one.of,
            films=one.films,
            patients=one.patients,
            only_first=one.better,
            only_second=one.worse,
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
    differing = one.better + one.worse
    if not one.films:
        return "no film to compare on"
    if not differing:
        return f"both are right on the same of {one.films} films: no difference"
    counts = f"they differ on {differing} of {one.films} films ({first} alone is right on {one.better}, {second} on "
    counts += f"{one.worse})"
    if p >= LEVEL:
        return f"{counts}: chance alone may do that, neither is shown to be better"
    better = first if one.better > one.worse else second
    return f"{counts}: more than chance alone would do, {better} has the higher {one.of}"
