import random
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.balance import undersample
from components.manifest_gen.rows import Film
from components.manifest_gen.settings import SplitSettings
from components.manifest_gen.units import units_of

BY_PATIENT = SplitSettings()
BY_FILM = SplitSettings(by="film")
UNITS = st.sampled_from([BY_PATIENT, BY_FILM])
CLASSES = st.sampled_from(["covid", "healthy", "other"])
COHORTS = st.dictionaries(st.integers(0, 99).map(str), st.lists(CLASSES, min_size=1, max_size=4), max_size=25)


def films_of(patients: dict[str, list[str]]) -> list[Film]:
    films = []
    for patient, labels in patients.items():
        for number, label in enumerate(labels):
            name = f"{patient}-{number}.png"
            films.append(Film(Path(name), 0, "here", name, patient, label, "PA", label=label, sha256=f"sha {name}"))
    return films


def balanced(films: list[Film], split: SplitSettings, seed: int) -> list[Film]:
    return undersample(films, units_of(films, split), seed)


@settings(deadline=None)
@given(patients=COHORTS, split=UNITS, seed=st.integers(0, 99), shuffle=st.randoms())
def test_every_class_has_as_many_films_as_the_smallest_in_any_order(
    patients: dict[str, list[str]], split: SplitSettings, seed: int, shuffle: random.Random
) -> None:
    films = films_of(patients)
    kept = balanced(films, split, seed)
    before, after = Counter(film.label for film in films), Counter(film.label for film in kept)
    assert after == dict.fromkeys(before, min(before.values(), default=0))
    assert kept == [film for film in films if film in kept]
    shuffle.shuffle(films)
    assert set(balanced(films, split, seed)) == set(kept)


def test_patients_stay_whole_where_that_is_possible() -> None:
    films = films_of({f"c{n}": ["covid"] for n in range(7)} | {f"h{n}": ["healthy"] * (n % 3 + 1) for n in range(12)})
    kept = balanced(films, BY_PATIENT, 1)
    before, after = Counter(film.patient for film in films), Counter(film.patient for film in kept)
    assert {name: after[name] for name in after} == {name: before[name] for name in after}


def test_a_patient_is_cut_only_to_fill_the_last_place() -> None:
    films = films_of({f"c{n}": ["covid"] for n in range(7)} | {f"h{n}": ["healthy"] * 2 for n in range(12)})
    kept = balanced(films, BY_PATIENT, 1)
    assert sorted(Counter(film.patient for film in kept if film.label == "healthy").values()) == [1, 2, 2, 2]


def test_another_seed_keeps_other_films() -> None:
    films = films_of({"c": ["covid"] * 10} | {f"h{n}": ["healthy"] for n in range(40)})
    assert balanced(films, BY_PATIENT, 1) != balanced(films, BY_PATIENT, 2)
    assert balanced(films, BY_FILM, 1) != balanced(films, BY_FILM, 2)
