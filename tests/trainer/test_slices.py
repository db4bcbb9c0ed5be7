from collections.abc import Callable

import numpy as np
import pytest

from trainer.predictions import Predictions
from trainer.slices import AGE_GROUPS, age_group, slices


@pytest.mark.parametrize(
    "age, group",
    [(0, "0-17"), (17.9, "0-17"), (18, "18-39"), (59.9, "40-59"), (60, "60-79"), (80, "80+"), (101, "80+")],
)
def test_an_age_belongs_to_the_group_whose_years_it_has_reached(age, group):
    assert age_group(age) == group
    assert group in AGE_GROUPS


def test_an_age_that_nobody_knows_is_unknown():
    assert age_group(float("nan")) == "unknown"


def test_every_film_is_in_one_slice_of_each_kind(make_predictions: Callable[..., Predictions]):
    predictions = make_predictions(60)
    (by, value, everything), *others = slices(predictions)
    assert (by, value, everything.all()) == ("overall", "", True)
    kinds = list(dict.fromkeys(by for by, _, _ in others))
    assert kinds == ["view", "source", "sex", "age group", "view x source"]
    for kind in kinds:
        assert (sum(films.astype(int) for by, _, films in others if by == kind) == 1).all()


def test_values_stand_in_order_with_the_unknown_last(make_predictions: Callable[..., Predictions]):
    values: dict[str, list[str]] = {}
    for by, value, _ in slices(make_predictions(200)):
        values.setdefault(by, []).append(value)
    assert values["sex"] == ["F", "M", "unknown"]
    assert values["age group"] == [*AGE_GROUPS, "unknown"]
    assert values["view x source"] == ["AP x clinic", "AP x ward", "PA x clinic", "PA x ward"]


def test_without_films_there_is_the_slice_of_all_of_them(make_predictions: Callable[..., Predictions]):
    nothing = make_predictions(4).chosen(np.zeros(4, bool))
    assert [by for by, _, _ in slices(nothing)] == ["overall"]
