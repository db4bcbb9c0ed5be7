"""A difference of two films is not sold as one."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compare.pairs import holm, pairs_of
from tests.drawn_networks import draw_predictions
from trainer.predictions import Predictions


def test_holm_on_an_example_by_hand() -> None:
    """Three tests: 3 x .01, then 2 x .03, then the last, which may not fall below the one before."""
    assert holm([0.03, 0.01, 0.05]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.6, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_the_given_values_and_bonferroni_and_keeps_their_order(p: list[float]) -> None:
    adjusted = holm(p)
    for given_one, one in zip(p, adjusted, strict=True):
        assert given_one <= one <= min(1.0, len(p) * given_one)
    for first, second in permutations(range(len(p)), 2):
        if p[first] <= p[second]:
            assert adjusted[first] <= adjusted[second]


def right_on(predictions: Predictions, wrong: int) -> Predictions:
    """A network that misses the first positive films and nothing else."""
    decided = predictions.is_positive.copy()
    decided[np.flatnonzero(decided)[:wrong]] = False
    return replace(predictions, decided=decided)


def test_two_films_more_are_no_difference() -> None:
    films = draw_predictions(1)
    accuracy, recall, specificity = pairs_of({"a": right_on(films, 0), "b": right_on(films, 2)})
    assert (recall.only_first, recall.only_second, recall.p) == (2, 0, 0.5)
    assert "they differ on 2 of 20 films (a alone is right on 2, b on 0)" in recall.says
    assert "neither is shown to be better" in recall.says
    assert accuracy.of == "accuracy"
    assert accuracy.says == "both are right on the same of 40 films: no difference"
    assert specificity.says == "both are right on the same of 20 films: no difference"


def test_twelve_films_more_are_one_and_the_better_network_is_named() -> None:
    films = draw_predictions(1)
    _, recall, _ = pairs_of({"a": right_on(films, 13), "b": right_on(films, 1)})
    assert recall.p_adjusted == pytest.approx(3 * 0.5**11)
    assert recall.says.endswith("b is right on more patients and has the higher recall")


def test_more_networks_make_the_same_difference_worth_less() -> None:
    films = draw_predictions(1)
    two = pairs_of({"a": right_on(films, 0), "b": right_on(films, 6)})
    four = pairs_of({name: right_on(films, 6 * (name == "b")) for name in "abcd"})
    assert [(pair.first, pair.second) for pair in four[::3]] == [*map(tuple, ("ab", "ac", "ad", "bc", "bd", "cd"))]
    assert two[1].p == four[1].p < 0.05
    assert two[1].p_adjusted > two[1].p
    assert four[1].p_adjusted > 0.05


def test_accuracy_is_compared_by_the_most_probable_class_whatever_the_thresholds_decide() -> None:
    films = draw_predictions(1)
    sure = np.eye(2, dtype=np.float32)[films.label]
    right, wrong = (replace(films, probabilities=one, decided=films.decided) for one in (sure, 1 - sure))
    accuracy, recall, specificity = pairs_of({"a": right, "b": wrong})
    assert (accuracy.films, accuracy.only_first, accuracy.only_second) == (40, 40, 0)
    assert accuracy.says.endswith("a is right on more patients and has the higher accuracy")
    assert (recall.p, specificity.p) == (1, 1)


def test_patients_decide_and_it_is_said_where_films_would_decide_otherwise() -> None:
    """One patient's 20 films speak for the first network, 14 patients with one film each for the second."""
    films = draw_predictions(1, films=68)
    positives = np.flatnonzero(films.is_positive)
    many, single = positives[:20], positives[20:]
    patient = np.array(films.patient_id)
    patient[many] = "many"
    films = replace(films, patient_id=patient.tolist())
    first, second = (replace(films, decided=np.isin(np.arange(68), found)) for found in (many, single))
    _, recall, _ = pairs_of({"a": first, "b": second})
    assert (recall.only_first, recall.only_second, recall.first_patients, recall.second_patients) == (20, 14, 1, 14)
    assert recall.p_adjusted < 0.05
    assert recall.says.endswith(
        "b is right on more patients (14 against 1), but not on more films: a few patients have many"
    )


def test_a_test_without_films_counts_for_nothing() -> None:
    films = draw_predictions(1)
    films = films.chosen(films.is_positive)
    accuracy, recall, specificity = pairs_of({"a": right_on(films, 0), "b": right_on(films, 6)})
    assert (specificity.films, specificity.p_adjusted, specificity.says) == (0, 1, "no film to compare on")
    assert recall.p_adjusted == pytest.approx(2 * recall.p), "two tests, not three"
    assert accuracy.p == 1


def test_one_network_has_no_pair() -> None:
    assert pairs_of({"a": draw_predictions(1)}) == ()
