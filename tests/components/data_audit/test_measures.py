"""Areas under the curve against permuted labels: what tells the class is found, what does not is not."""

import numpy as np
import pytest
from scipy import stats

from components.data_audit.cohort import Cohort, make_cohort
from components.data_audit.measures import measure_area, measure_association, out_of_fold
from components.data_audit.models import Model, logistic_regression, svm

MODELS = [logistic_regression, svm]


def cohort_of(patients: int, seed: int, films: int = 1) -> Cohort:
    units = np.repeat(np.arange(patients), films)
    return make_cohort(units % 2 == 0, units, permutations=20, seed=seed)


@pytest.mark.parametrize("model", MODELS)
def test_what_separates_perfectly_has_an_area_of_one_and_an_interval_that_knows_n(model: Model) -> None:
    cohort = cohort_of(40, 0)
    found = measure_area("mark", "model", model, [cohort.positives[:, None] * 1.0], cohort)
    assert (found.value, found.high, found.balanced_accuracy) == (1, 1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 20))  # 20 of 20 patients of each class, Clopper-Pearson
    assert found.chance < 0.9
    assert (found.films, found.patients, found.permutations) == (40, 40, 20)


def test_what_says_nothing_exceeds_chance_about_as_often_as_it_may() -> None:
    above, areas = 0, []
    for seed in range(30):
        noise = np.random.default_rng(seed).normal(size=(40, 3))
        found = measure_area("noise", "SVM", svm, [noise], cohort_of(40, seed))
        above += found.value > found.chance
        areas.append(found.value)
        assert found.low < 0.7, "no seed objects"
    assert above <= stats.binom.ppf(0.999, 30, 1 / 20)
    assert np.mean(areas) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("model", MODELS)
def test_what_gives_away_the_patient_does_not_score(model: Model) -> None:
    """Eight films each that look like their patient and like nobody else: apart from patients, a perfect score."""
    cohort = cohort_of(24, 0, films=8)
    generator = np.random.default_rng(0)
    features = generator.normal(size=(24, 10))[cohort.units] + 0.01 * generator.normal(size=(192, 10))
    found = measure_area("face", "model", model, [features], cohort)
    assert found.low < 0.5 < found.chance
    assert found.value < 0.75
    by_film = make_cohort(cohort.positives, np.arange(192), permutations=20, seed=0)
    assert measure_area("face", "model", svm, [features], by_film).value > 0.95


def test_films_of_one_patient_widen_the_interval() -> None:
    generator = np.random.default_rng(0)
    cohort = cohort_of(40, 0, films=5)
    shared = (cohort.positives[:, None] + 1.5 * generator.normal(size=(40, 1))[cohort.units]).astype(float)
    as_if_apart = make_cohort(cohort.positives, np.arange(200), permutations=20, seed=0)
    wide, narrow = (measure_area("mark", "SVM", svm, [shared], one) for one in (cohort, as_if_apart))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_the_same_for_all_films_has_an_area_of_one_half(model: Model) -> None:
    found = measure_area("view", "model", model, [np.ones((30, 2)), np.zeros((30, 1))], cohort_of(30, 0))
    assert (found.value, found.low, found.high, found.chance, found.balanced_accuracy) == (0.5, 0.5, 0.5, 0.5, 0.5)


def test_the_same_seed_gives_the_same_figures() -> None:
    features = np.random.default_rng(0).normal(size=(40, 4)) + (np.arange(40) % 2)[:, None]
    one, same, other = (measure_area("x", "SVM", svm, [features], cohort_of(40, seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_scores_of_a_labeling_come_from_that_labeling() -> None:
    cohort = cohort_of(40, 0)
    scores = out_of_fold(logistic_regression, [cohort.labelings[3][:, None] * 1.0], cohort)
    assert ((scores[3] > 0) == cohort.labelings[3]).all()
    assert ((scores[0] > 0) == cohort.labelings[0]).mean() < 0.8


def test_an_association_comes_with_chance_and_interval() -> None:
    cohort = cohort_of(60, 0)
    telling = measure_association("source", cohort.positives.astype(int), cohort)
    nothing = measure_association("sex", (np.arange(60) // 2) % 2, cohort)
    assert (telling.value, telling.measure, telling.balanced_accuracy) == (pytest.approx(1), "Cramér's V", None)
    assert telling.chance < 0.5 < telling.low
    assert nothing.value < 0.2
