"""Classes cut to the size of the smallest.

Balancing comes before splitting, so the shares of the splits hold for the films that are used, in every class.
"""

from collections.abc import Sequence

from components.manifest_gen.rows import Film
from components.manifest_gen.settings import SplitSettings
from components.manifest_gen.split import draw, unit_of


def undersample(films: Sequence[Film], split: SplitSettings, seed: int) -> list[Film]:
    """Of each class as many films as the smallest class has; classes without a film do not count.

    Units (patients, or films with ``split.by: film``) are taken whole, in the order in which the splits are cut, each
    one that still fits. Only if that leaves the class short are films of a further patient taken, so at most as many
    patients are cut as it takes to fill the gap. The order of `films` does not matter; the result keeps it.
    """
    classes: dict[str, dict[str, list[Film]]] = {}
    for film in films:
        classes.setdefault(film.label, {}).setdefault(unit_of(film, split), []).append(film)
    size = min((sum(map(len, units.values())) for units in classes.values()), default=0)
    kept = {film.path for units in classes.values() for film in _fill(units, size, seed)}
    return [film for film in films if film.path in kept]


def _fill(units: dict[str, list[Film]], size: int, seed: int) -> list[Film]:
    taken: list[Film] = []
    spare: list[Film] = []
    for unit in sorted(units, key=lambda unit: draw(seed, unit)):
        members = sorted(units[unit], key=lambda film: (draw(seed, film.sha256), film.path))
        (taken if len(taken) + len(members) <= size else spare).extend(members)
    return taken + spare[: size - len(taken)]
