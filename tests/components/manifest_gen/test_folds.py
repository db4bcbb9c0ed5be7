"""The folds of a cross-validation: every film in one, no patient in two, equal parts of each class."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.rows import Film
from components.manifest_gen.settings import FoldSettings, SplitSettings, read_split
from components.manifest_gen.split import assign_folds
from components.manifest_gen.units import units_of
from trainer.errors import UsageError
from trainer.features import fold_names

CLASSES = ("covid", "healthy")


def films_of(covid: int, healthy: int) -> list[Film]:
    """So many patients of each class, with one to three films each."""
    return [
        Film(Path(f"/{label}-{patient}-{n}"), 0, "here", "f", f"{label}-{patient}", label, "PA", label=label)
        for label, count in (("covid", covid), ("healthy", healthy))
        for patient in range(count)
        for n in range(1 + patient % 3)
    ]


def assigned(films: list[Film], folds: int, seed: int = 1) -> dict[Path, str]:
    told = FoldSettings(folds=folds)
    return assign_folds(films, units_of(films, told), told, seed, CLASSES)


@settings(deadline=None)
@given(covid=st.integers(8, 40), healthy=st.integers(8, 40), folds=st.integers(3, 8), seed=st.integers(0, 99))
def test_every_film_has_one_fold_no_patient_two_and_a_class_is_dealt_evenly(
    covid: int, healthy: int, folds: int, seed: int
) -> None:
    films = films_of(covid, healthy)
    found = assigned(films, folds, seed)
    assert set(found) == {film.path for film in films}
    assert set(found.values()) == set(fold_names(folds))
    of_patient = {(film.label, film.patient): found[film.path] for film in films}
    assert all(of_patient[film.label, film.patient] == found[film.path] for film in films)
    for label in CLASSES:
        patients = Counter(fold for (of, _), fold in of_patient.items() if of == label)
        assert max(patients.values()) - min(patients.values()) <= 1


def test_neither_the_order_of_the_films_nor_a_second_draw_changes_anything_but_another_seed_does() -> None:
    films = films_of(12, 12)
    assert assigned(films, 4) == assigned(films[::-1], 4)
    assert assigned(films, 4) != assigned(films, 4, seed=2)


def test_a_new_patient_moves_few_others() -> None:
    before, after = assigned(films_of(30, 30), 5), assigned(films_of(31, 30), 5)
    moved = {path.name.rpartition("-")[0] for path, fold in before.items() if after[path] != fold}
    assert len(moved) <= 4, "each of the four cuts moves by one patient at most"


@pytest.mark.parametrize("covid, healthy, who", [(4, 9, "covid"), (9, 4, "healthy")])
def test_folds_that_cannot_all_be_tested_are_refused(covid: int, healthy: int, who: str) -> None:
    with pytest.raises(UsageError, match=f"5 folds need 5 patients of {who}, but there are 4; give fewer folds"):
        assigned(films_of(covid, healthy), 5)


def test_the_node_is_told_splits_or_folds() -> None:
    assert read_split("{}") == SplitSettings()
    assert read_split('{"by": "film", "folds": 4}') == FoldSettings(by="film", folds=4)
