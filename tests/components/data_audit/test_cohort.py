"""Patients stay whole: in folds, in permutations, and where not all films are measured."""

from typing import Any

import numpy as np
import pytest

from components.data_audit.cohort import FOLDS, choose_films, make_cohort, units_of
from components.manifest_gen.rows import ManifestRow


def row(patient: str, label: str = "covid", group: str = "") -> ManifestRow:
    values: dict[str, Any] = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    return ManifestRow(**{**values, "patient_id": patient, "label": label, "group": group})


def films_of(patients: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes and patients; one to four films each, a few patients with films of both classes."""
    generator = np.random.default_rng(seed)
    units = np.repeat(np.arange(patients), generator.integers(1, 5, patients))
    positives = (units % 2).astype(bool)
    positives[units < 3] ^= generator.random((units < 3).sum()) < 0.5
    return positives, units


@pytest.mark.parametrize("seed", range(5))
def test_no_patient_is_in_two_folds_and_every_fold_has_films(seed: int) -> None:
    positives, units = films_of(40, seed)
    cohort = make_cohort(positives, units, permutations=20, seed=seed)
    assert all(np.unique(cohort.folds[units == unit]).size == 1 for unit in range(40))
    assert set(cohort.folds) == set(range(FOLDS))


@pytest.mark.parametrize("seed", range(5))
def test_a_permutation_moves_labels_between_patients_of_a_fold(seed: int) -> None:
    positives, units = films_of(40, seed)
    pure = units >= 3
    cohort = make_cohort(positives, units, permutations=20, seed=seed)
    assert (cohort.positives == positives).all()
    assert len({labels.tobytes() for labels in cohort.labelings}) == 21
    of_patients = np.array([labels[np.unique(units, return_index=True)[1]] for labels in cohort.labelings])
    fold_of = cohort.folds[np.unique(units, return_index=True)[1]]
    for labels in cohort.labelings[1:]:
        mixed = [unit for unit in np.unique(units[pure]) if np.unique(labels[units == unit]).size > 1]
        assert len(mixed) <= 3, "only the labels of a patient of both classes are mixed"
    for fold in range(FOLDS):
        assert np.ptp(of_patients[:, fold_of == fold].sum(axis=1)) <= 3


def test_another_seed_is_another_folding_and_the_same_seed_is_not() -> None:
    positives, units = films_of(40, 0)
    one, same, other = (make_cohort(positives, units, permutations=20, seed=seed) for seed in (1, 1, 2))
    assert (one.folds == same.folds).all()
    assert (one.labelings == same.labelings).all()
    assert (one.folds != other.folds).any()


def test_patients_who_share_a_copy_are_one() -> None:
    units = units_of([row("a"), row("b", group="1"), row("c", group="1"), row("c"), row("d", group="2")])
    assert units[1] == units[2] == units[3]
    assert len(set(units)) == 3


def test_few_films_are_all_measured() -> None:
    rows = [row(f"p{n}") for n in range(10)]
    assert choose_films(rows, "covid", 10, seed=0) == rows


def test_of_many_films_whole_patients_of_both_sides_are_measured() -> None:
    rows = [row(f"c{n // 3}") for n in range(90)] + [row(f"h{n // 2}", "healthy") for n in range(800)]
    chosen = choose_films(rows, "covid", 100, seed=0)
    assert 95 <= len(chosen) <= 100
    assert 48 <= sum(one.label == "covid" for one in chosen) <= 50
    for patient in {one.patient_id for one in chosen}:
        assert sum(one.patient_id == patient for one in chosen) == (3 if patient[0] == "c" else 2)
    assert choose_films(rows[::-1], "covid", 100, seed=0) == chosen[::-1], "the order of the rows does not matter"
    assert choose_films(rows, "covid", 100, seed=1) != chosen


def test_a_rare_class_is_measured_whole_and_the_rest_takes_the_places() -> None:
    rows = [row(f"c{n}") for n in range(20)] + [row(f"h{n}", "healthy") for n in range(500)]
    chosen = choose_films(rows, "covid", 200, seed=0)
    assert sum(one.label == "covid" for one in chosen) == 20
    assert len(chosen) == 200
