import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.manifest_gen.rows import Film
from components.manifest_gen.settings import SplitSettings
from components.manifest_gen.split import assign_splits, cuts
from components.manifest_gen.units import units_of
from trainer.features import EVAL, SPLITS, TEST, TRAIN

CLASSES = ("covid", "healthy")
BY_PATIENT = SplitSettings()
BY_FILM = SplitSettings(by="film")


def film(patient: str, label: str, number: int = 0) -> Film:
    name = f"{patient}-{label}-{number}.png"
    return Film(Path("/films", name), 0, "here", name, patient, label, "PA", label=label, sha256=f"sha of {name}")


def films_of(patients: dict[str, list[str]]) -> list[Film]:
    return [film(patient, label, n) for patient, labels in patients.items() for n, label in enumerate(labels)]


def assigned(films: list[Film], split: SplitSettings, seed: int) -> dict[Path, str]:
    return assign_splits(films, units_of(films, split), split, seed, CLASSES)


def split_of_patients(films: list[Film], split: SplitSettings, seed: int) -> dict[str, str]:
    splits = assigned(films, split, seed)
    return {one.patient: splits[one.path] for one in films}


PATIENT_IDS = st.integers(0, 999).map(str)
PURE = st.sampled_from(CLASSES).flatmap(lambda label: st.lists(st.just(label), min_size=1, max_size=3))
MIXED = st.lists(st.sampled_from(CLASSES), min_size=1, max_size=4)
COHORTS = st.dictionaries(PATIENT_IDS, PURE, max_size=40)
MIXED_COHORTS = st.dictionaries(PATIENT_IDS, MIXED, max_size=40)
SEEDS = st.integers(0, 2**31 - 1)
SHARES = st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20)).map(
    lambda parts: SplitSettings(train=parts[0] / sum(parts), eval=parts[1] / sum(parts), test=parts[2] / sum(parts))
)


@settings(deadline=None)
@given(patients=MIXED_COHORTS, split=SHARES, seed=SEEDS)
def test_every_film_has_one_split_and_no_patient_two(
    patients: dict[str, list[str]], split: SplitSettings, seed: int
) -> None:
    films = films_of(patients)
    splits = assigned(films, split, seed)
    assert set(splits) == {one.path for one in films}
    assert set(splits.values()) <= set(SPLITS)
    for patient in patients:
        assert len({splits[one.path] for one in films if one.patient == patient}) == 1


@settings(deadline=None)
@given(patients=MIXED_COHORTS, seed=SEEDS, by=st.sampled_from([BY_PATIENT, BY_FILM]), shuffle=st.randoms())
def test_the_order_of_the_films_does_not_matter(
    patients: dict[str, list[str]], seed: int, by: SplitSettings, shuffle: random.Random
) -> None:
    films = films_of(patients)
    before = assigned(films, by, seed)
    shuffle.shuffle(films)
    assert assigned(films, by, seed) == before


@settings(deadline=None)
@given(patients=COHORTS.filter(bool), split=SHARES, seed=SEEDS, data=st.data())
def test_a_new_film_of_a_known_patient_moves_nobody(
    patients: dict[str, list[str]], split: SplitSettings, seed: int, data: st.DataObject
) -> None:
    films = films_of(patients)
    patient = data.draw(st.sampled_from(sorted(patients)))
    more = [*films, film(patient, patients[patient][0], 99)]
    assert split_of_patients(more, split, seed) == split_of_patients(films, split, seed)


@settings(deadline=None)
@given(patients=COHORTS, split=SHARES, seed=SEEDS, newcomer=PATIENT_IDS, label=st.sampled_from(CLASSES))
def test_a_new_patient_moves_at_most_one_patient_per_boundary(
    patients: dict[str, list[str]], split: SplitSettings, seed: int, newcomer: str, label: str
) -> None:
    assume(newcomer not in patients)
    films = films_of(patients)
    before = split_of_patients(films, split, seed)
    after = split_of_patients([*films, film(newcomer, label)], split, seed)
    for boundary in (1, 2):  # which side of it is a patient on?
        side = {name: position < boundary for position, name in enumerate(SPLITS)}
        assert sum(side[before[patient]] != side[after[patient]] for patient in patients) <= 1


@settings(deadline=None)
@given(count=st.integers(0, 2000), split=SHARES)
def test_one_more_unit_moves_each_cut_by_at_most_one(count: int, split: SplitSettings) -> None:
    steps = [after - before for before, after in zip(cuts(count, split), cuts(count + 1, split), strict=True)]
    assert count == 0 or all(step in (0, 1) for step in steps)


@settings(deadline=None)
@given(count=st.integers(3, 2000), split=SHARES)
def test_from_three_units_on_no_split_is_empty(count: int, split: SplitSettings) -> None:
    first, second = cuts(count, split)
    assert 0 < first < second < count


@settings(deadline=None)
@given(count=st.integers(3, 2000), split=SHARES)
def test_shares_hold_to_less_than_a_unit(count: int, split: SplitSettings) -> None:
    shares = (split.train, split.eval, split.test)
    assume(count * min(shares) >= 2)  # smaller splits are rounded up to one unit at their neighbours' cost
    first, second = cuts(count, split)
    for size, share in zip((first, second - first, count - second), shares, strict=True):
        assert abs(size - count * share) < 1 + 1e-6


@pytest.mark.parametrize("count, sizes", [(1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (10, [6, 2, 2])])
def test_few_patients_fill_train_first(count: int, sizes: list[int]) -> None:
    films = [film(str(number), "covid") for number in range(count)]
    counts = Counter(assigned(films, BY_PATIENT, 1).values())
    assert [counts[name] for name in SPLITS] == sizes


def test_no_films_make_no_splits() -> None:
    assert assigned([], BY_PATIENT, 1) == {}


def test_the_films_of_the_2020_study_fall_as_they_did_there() -> None:
    films = [film(str(number // 2), label, number) for label in CLASSES for number in range(198)]
    splits = assigned(films, BY_FILM, 1)
    assert Counter((one.label, splits[one.path]) for one in films) == {
        (label, name): size for label in CLASSES for name, size in ((TRAIN, 118), (EVAL, 40), (TEST, 40))
    }
    assert any(splits[one.path] != splits[two.path] for one, two in zip(films[::2], films[1::2], strict=True))


def test_files_of_the_same_bytes_go_together_by_film_too() -> None:
    films = films_of({str(number): ["covid"] for number in range(20)})
    twins = [replace(one, path=Path("/else", one.file), source="else") for one in films]
    splits = assigned([*films, *twins], BY_FILM, 1)
    assert [splits[one.path] for one in films] == [splits[one.path] for one in twins]


def test_the_same_id_in_two_sources_is_two_patients() -> None:
    films = [film(str(number), "covid") for number in range(30)]
    twins = [replace(one, path=Path("/else", one.file), source="else") for one in films]
    splits = assigned([*films, *twins], BY_PATIENT, 1)
    assert [splits[one.path] for one in films] != [splits[one.path] for one in twins]


def test_a_patient_of_two_classes_counts_in_the_first_of_them() -> None:
    only = {"7": ["healthy", "covid"], **{f"h{number}": ["healthy"] for number in range(9)}}
    films = films_of(only)
    splits = split_of_patients(films, BY_PATIENT, 1)
    assert splits["7"] == TRAIN  # the one patient of covid's order
    assert Counter(splits[name] for name in only if name != "7") == {TRAIN: 5, EVAL: 2, TEST: 2}


def test_another_seed_draws_another_split() -> None:
    films = films_of({str(number): ["covid"] for number in range(30)})
    assert split_of_patients(films, BY_PATIENT, 1) != split_of_patients(films, BY_PATIENT, 2)
