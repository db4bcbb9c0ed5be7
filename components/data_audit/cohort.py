"""The films that the audit measures, how they are folded, and how their labels are permuted: always by patient."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import networkx
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from components.manifest_gen.rows import ManifestRow

FOLDS: Final = 5


@dataclass(frozen=True)
class Cohort:
    """Films with their classes, patients, folds and permuted labels.

    Attributes:
        labelings: bool [1 + permutations, N], whether each film is positive; the first labeling is the true one.
        units: int [N]; films of one unit never part.
        folds: int [N], 0..4.
        seed: Of everything that is drawn.
    """

    labelings: np.ndarray
    units: np.ndarray
    folds: np.ndarray
    seed: int

    @property
    def positives(self) -> np.ndarray:
        """The true labeling, bool [N]."""
        return np.asarray(self.labelings[0])


def make_cohort(positives: np.ndarray, units: np.ndarray, *, permutations: int, seed: int) -> Cohort:
    """Folds the films and permutes their labels.

    Labels are permuted among the patients of a fold: each takes over the labels of another, as often as it has films.
    So every fold keeps as many patients of each class, and the foldings of true and of permuted labels are alike.

    Args:
        positives: bool [N].
        units: [N], what must not part; at least `FOLDS` with a positive and as many with another film.
        permutations: How many.
        seed: Another seed, other folds and permutations.
    """
    _, units = np.unique(np.asarray(units), return_inverse=True)
    folds = np.empty(positives.size, int)
    folding = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for fold, (_, test) in enumerate(folding.split(positives, positives, units)):
        folds[test] = fold
    generator = np.random.default_rng(seed)
    members = [np.flatnonzero(units == unit) for unit in range(units.max() + 1)]
    fold_of = np.array([folds[films[0]] for films in members])
    labelings = np.tile(positives, (1 + permutations, 1))
    for labels in labelings[1:]:
        for fold in range(FOLDS):
            here = np.flatnonzero(fold_of == fold)
            for unit, other in zip(here, generator.permutation(here), strict=True):
                labels[members[unit]] = np.resize(positives[members[other]], members[unit].size)
    return Cohort(labelings=labelings, units=units, folds=folds, seed=seed)


def units_of(rows: Sequence[ManifestRow]) -> np.ndarray:
    """Which films belong together, int [N]: those of one patient, and of all patients that share a copy of a film."""
    graph = networkx.Graph()
    for index, row in enumerate(rows):
        graph.add_edge(index, ("patient", row.patient_id))
        if row.group:
            graph.add_edge(index, ("group", row.group))
    units = np.empty(len(rows), int)
    for unit, members in enumerate(networkx.connected_components(graph)):
        units[[member for member in members if isinstance(member, int)]] = unit
    return units


def choose_films(rows: Sequence[ManifestRow], positive: str, max_films: int, seed: int) -> list[ManifestRow]:
    """At most so many films, whole patients in an order drawn from the seed, from both sides alike.

    The smaller side keeps up to half of the places, for precision depends on it; the other takes what is left. A
    patient with films on both sides stands on the positive one.

    Args:
        rows: All films.
        positive: The class that stands against all others.
        max_films: How many may be taken; the last patient to be taken may not exceed it.
        seed: Another seed, other patients.

    Returns:
        The chosen rows, in the order given; all of them where they are few enough.
    """
    if len(rows) <= max_films:
        return list(rows)
    units = units_of(rows)
    films: dict[int, list[int]] = defaultdict(list)
    for index, unit in enumerate(units):
        films[int(unit)].append(index)
    sides: tuple[list[list[int]], list[list[int]]] = ([], [])
    for members in films.values():
        sides[all(rows[index].label != positive for index in members)].append(members)
    smaller, larger = sorted(sides, key=lambda side: sum(map(len, side)))
    taken = _take(rows, smaller, max_films // 2, seed)
    taken += _take(rows, larger, max_films - len(taken), seed)
    return [rows[index] for index in sorted(taken)]


def _take(rows: Sequence[ManifestRow], patients: list[list[int]], places: int, seed: int) -> list[int]:
    def draw(members: list[int]) -> str:
        return hashlib.sha256(f"{seed}/{min(rows[index].patient_id for index in members)}".encode()).hexdigest()

    taken: list[int] = []
    for members in sorted(patients, key=draw):
        if len(taken) + len(members) <= places:
            taken += members
    return taken
