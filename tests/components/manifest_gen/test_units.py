import random
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.rows import Film
from components.manifest_gen.settings import SplitSettings
from components.manifest_gen.units import units_of

BY_PATIENT = SplitSettings()
BY_FILM = SplitSettings(by="film")


def film(number: int, patient: str, group: str = "", source: str = "here") -> Film:
    path = Path(f"/{source}/{number}.png")
    return Film(path, 0, source, path.name, patient, "COVID-19", "PA", sha256=f"sha {number}", group=group)


FILMS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", "", "", "x", "y", "z"])), max_size=20).map(
    lambda pairs: [film(number, *pair) for number, pair in enumerate(pairs)]
)


@settings(deadline=None)
@given(films=FILMS, split=st.sampled_from([BY_PATIENT, BY_FILM]), shuffle=st.randoms())
def test_copies_and_patients_are_never_parted_in_any_order(
    films: list[Film], split: SplitSettings, shuffle: random.Random
) -> None:
    units = units_of(films, split)
    for one in films:
        for other in films:
            if one.group and one.group == other.group:
                assert units[one.path] == units[other.path]
            if split.by == "patient" and one.patient == other.patient:
                assert units[one.path] == units[other.path]
    shuffle.shuffle(films)
    assert units_of(films, split) == units


def test_a_film_without_a_copy_is_drawn_as_if_there_were_none() -> None:
    films = [film(1, "a"), film(2, "a"), film(3, "b", "x"), film(4, "c", "x"), film(5, "d")]
    alone = units_of([replace(one, group="") for one in films], BY_PATIENT)
    units = units_of(films, BY_PATIENT)
    changed = {path.name for path in units if units[path] != alone[path]}
    assert changed == {"4.png"}  # goes by the name of b now


def test_a_patient_joins_those_whom_its_copies_join() -> None:
    films = [film(1, "a", "x"), film(2, "b", "x"), film(3, "b", "y"), film(4, "c", "y"), film(5, "c"), film(6, "d")]
    assert len(set(units_of(films, BY_PATIENT).values())) == 2
    assert len(set(units_of(films, BY_FILM).values())) == 4


def test_by_film_files_of_the_same_bytes_are_one_unit() -> None:
    films = [film(1, "a"), replace(film(1, "b", source="else"), sha256="sha 1")]
    assert len(set(units_of(films, BY_FILM).values())) == 1
    assert len(set(units_of(films, BY_PATIENT).values())) == 2
