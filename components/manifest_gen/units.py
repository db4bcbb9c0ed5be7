"""What is drawn as a whole: a patient's films, and with them the films of whoever shares a copy with that patient."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import networkx

from components.manifest_gen.pseudonym import patient_key
from components.manifest_gen.rows import Film
from components.manifest_gen.settings import FoldSettings, SplitSettings


def units_of(films: Sequence[Film], split: SplitSettings | FoldSettings) -> dict[Path, str]:
    """The unit of every film, by its path; films of one unit share a split.

    A unit is a patient, or with ``split.by: film`` the film's bytes. Units that hold copies of one film are one: the
    same picture stands under two patient ids, and in two collections. A joined unit goes by the name of its first
    member, so films without a copy are drawn as if there were none.

    Args:
        films: With `sha256` and `group`.
        split: Its ``by`` is the unit.
    """
    own = {film.path: _unit_of(film, split) for film in films}
    copies: dict[str, list[str]] = defaultdict(list)
    for film in films:
        if film.group:
            copies[film.group].append(own[film.path])
    graph = networkx.Graph()
    graph.add_nodes_from(own.values())
    for units in copies.values():
        networkx.add_path(graph, units)
    names = {unit: min(whole) for whole in networkx.connected_components(graph) for unit in whole}
    return {path: names[unit] for path, unit in own.items()}


def _unit_of(film: Film, split: SplitSettings | FoldSettings) -> str:
    return patient_key(film.source, film.patient) if split.by == "patient" else film.sha256
