from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from trainer.comparison import compare, compare_most_probable
from trainer.predictions import Predictions

Make = Callable[..., Predictions]


def wrong_on(predictions: Predictions, films: list[int]) -> Predictions:
    """Right on all films but these."""
    right = predictions.is_positive.copy()
    right[films] = ~right[films]
    return replace(predictions, decided=right)


@pytest.fixture
def films(make_predictions: Make) -> Predictions:
    """60 films, one of each patient; even ones are positive."""
    predictions = make_predictions(60)
    return replace(predictions, patient_id=[str(index) for index in range(60)])


def test_better_and_worse_films_are_counted_by_side(films):
    recall, specificity = compare(wrong_on(films, [0, 2, 1]), wrong_on(films, [2, 4, 6, 8, 1, 3]))
    assert (recall.of, recall.films, recall.patients, recall.better, recall.worse) == ("recall", 30, 30, 3, 1)
    assert (specificity.of, specificity.better, specificity.worse) == ("specificity", 1, 0)
    assert recall.p == pytest.approx(2 * 5 / 16)
    assert recall.p_worse == pytest.approx(15 / 16)


def test_a_model_is_no_worse_than_itself(films):
    for comparison in compare(films, films):
        assert (comparison.better, comparison.worse, comparison.p, comparison.p_worse) == (0, 0, 1, 1)


def test_the_two_sides_are_mirrored(films):
    one, other = wrong_on(films, [0, 2, 4, 6, 8, 10]), wrong_on(films, [])
    worse, better = compare(one, other)[0], compare(other, one)[0]
    assert (worse.better, worse.worse) == (better.worse, better.better) == (0, 6)
    assert worse.p == better.p == pytest.approx(2 / 64)
    assert worse.p_worse == pytest.approx(1 / 64)
    assert better.p_worse == 1


def test_only_films_that_both_have_seen_are_compared_in_whatever_order(films):
    shared = films.chosen(np.arange(40))
    other = wrong_on(films, [0, 58]).chosen(np.arange(10, 60)[::-1])
    recall = compare(shared, other)[0]
    assert (recall.films, recall.better) == (15, 0)
    assert compare(shared, films.chosen(np.arange(40, 60)))[0].films == 0
    assert compare(shared, films.chosen(np.arange(40, 60)))[0].p == 1


def test_identical_bytes_are_one_film(films):
    twice = [*range(60), 0, 0]
    recall = compare(wrong_on(films, []).chosen(np.array(twice)), wrong_on(films, [0]).chosen(np.array(twice)))[0]
    assert (recall.films, recall.better) == (30, 1)


def test_the_films_of_one_patient_are_one_case_of_the_test(films):
    of_three = replace(films, patient_id=["a" if index < 12 else str(index) for index in range(60)])
    recall = compare(wrong_on(of_three, []), wrong_on(of_three, [0, 2, 4, 6, 8, 20]))[0]
    assert (recall.films, recall.patients, recall.better) == (30, 25, 6)
    assert recall.p == pytest.approx(0.5)
    assert (recall.better_patients, recall.worse_patients) == (2, 0)
    even = compare(wrong_on(of_three, [0]), wrong_on(of_three, [2]))[0]
    assert (even.better, even.worse, even.p) == (1, 1, 1)


def test_accuracy_is_of_all_films_by_their_most_probable_class(films):
    sure = np.eye(len(films.classes), dtype=np.float32)[films.label]
    right = replace(films, probabilities=sure)
    wrong = replace(films, probabilities=np.concatenate([1 - sure[:7], sure[7:]]))
    found = compare_most_probable(wrong, right)
    assert (found.of, found.films, found.better, found.worse, found.worse_patients) == ("accuracy", 60, 0, 7, 7)
    assert found.p == pytest.approx(2 / 2**7)
