"""The share of heat where lungs mostly are."""

from collections.abc import Callable

import numpy as np
import pytest

from components.score.explanations import Explanations
from components.shortcut_audit.explained import mean_inside, measure_heat
from trainer.lung_field import lung_field
from trainer.predictions import Predictions

SIDE = 64
FIELD = lung_field(SIDE)


def explanations(heat: list[np.ndarray], image_id: list[str] | None = None) -> Explanations:
    return Explanations(
        image_id=image_id or [f"i{film}" for film in range(len(heat))],
        images=np.full((len(heat), SIDE, SIDE), 90, np.uint8),
        heat=np.array(heat, np.float32),
        occlusion=np.zeros((0, 6, 6), np.float32),
        mean=np.full((SIDE, SIDE), 90, np.float32),
    )


def test_every_film_has_its_share_and_what_was_said_of_it(predict: Callable[..., Predictions]) -> None:
    said = predict([0, 1, 1], [0.9, 0.2, 0.8])
    inside, outside, empty = measure_heat(explanations([FIELD, ~FIELD, 0 * FIELD]), said)
    assert inside.heat_inside == pytest.approx(1)
    assert outside.heat_inside == pytest.approx(0)
    assert empty.heat_inside is None
    assert (outside.label, outside.called, empty.label, empty.called) == ("healthy", "healthy", "healthy", "covid")
    assert inside.score == pytest.approx(0.9)
    assert inside.field == pytest.approx(FIELD.mean())


def test_films_are_found_by_their_ids(predict: Callable[..., Predictions]) -> None:
    said = predict([0, 1, 1], [0.9, 0.2, 0.8])
    last, first = measure_heat(explanations([FIELD, FIELD], ["i2", "i0"]), said)
    assert (last.score, first.score) == (pytest.approx(0.8), pytest.approx(0.9))


def test_a_coarse_map_is_stretched_over_the_film(predict: Callable[..., Predictions]) -> None:
    (even,) = measure_heat(explanations([np.ones((5, 5))]), predict([0], [0.9]))
    assert even.heat_inside == pytest.approx(FIELD.mean(), abs=1e-5)


def test_a_model_that_does_not_explain_itself_has_no_share(predict: Callable[..., Predictions]) -> None:
    (silent,) = measure_heat(explanations([np.empty((0, 0))]), predict([0], [0.9]))
    assert silent.heat_inside is None


def test_the_mean_has_an_interval_over_patients(predict: Callable[..., Predictions]) -> None:
    said = predict([0, 0, 1, 1], [0.9, 0.8, 0.2, 0.1], ["a", "a", "b", "c"])
    explained = measure_heat(explanations([FIELD, FIELD, ~FIELD, 0 * FIELD]), said)
    mean = mean_inside(explained, said)
    assert mean is not None
    assert mean.value == pytest.approx(2 / 3)
    assert (mean.n, mean.patients) == (3, 2)
    assert (mean.low, mean.high) == pytest.approx((0, 1), abs=1e-6)


def test_one_patient_has_no_interval(predict: Callable[..., Predictions]) -> None:
    said = predict([0, 1], [0.9, 0.2], ["a", "a"])
    assert mean_inside(measure_heat(explanations([FIELD, ~FIELD]), said), said) is None
    assert mean_inside((), said) is None
