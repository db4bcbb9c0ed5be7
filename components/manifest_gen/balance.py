"""Classes cut to the size of the smallest.

Balancing comes before splitting, so the shares of the splits hold for the films that are used, in every class.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from components.manifest_gen.rows import Film
from components.manifest_gen.split import draw


def undersample(films: Sequence[Film], units: Mapping[Path, str], seed: int) -> list[Film]:
    """Of each class as many films as the smallest class has; classes without a film do not count.

    Units, as `components.manifest_gen.units.units_of` gives them by path, are taken whole, in the order in which the
    splits are cut, each one that still fits. Only if that leaves the class short are films of a further unit taken,
    so at most as many units are cut as it takes to fill the gap. The order of `films` does not matter; the result
    keeps it.
    """
    classes: dict[str, dict[str, list[Film]]] = {}
    for film in films:
        classes.setdefault(film.label, {}).setdefault(units[film.path], []).append(film)
    size = min((sum(map(len, members.values())) for members in classes.values()), default=0)
    kept = {film.path for members in classes.values() for film in _fill(members, size, seed)}
    return [film for film in films if film.path in kept]


def _fill(units: dict[str, list[Film]], size: int, seed: int) -> list[Film]:
    taken: list[Film] = []
    spare: list[Film] = []
    for unit in sorted(units, key=lambda unit: draw(seed, unit)):
        members = sorted(units[unit], key=lambda film: (draw(seed, film.sha256), film.path))
        (taken if len(taken) + len(members) <= size else spare).extend(members)
    return taken + spare[: size - len(taken)]
