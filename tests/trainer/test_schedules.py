import itertools
import typing

import pytest

from trainer.schedules import SCHEDULES, learning_rate_of
from trainer.settings import ScheduleName, TrainerSettings


def _rates(schedule: str, **more: object) -> list[float]:
    settings = TrainerSettings(
        schedule=schedule, **{"epochs": 40, "learning_rate": 0.1, "decay": 0.5, "decay_epochs": 10} | more
    )
    return [learning_rate_of(settings, epoch) for epoch in range(settings.epochs)]


def test_the_settings_offer_every_schedule_and_no_other():
    assert set(SCHEDULES) == set(typing.get_args(ScheduleName))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_begins_at_the_learning_rate_and_never_rises_or_reaches_zero(schedule):
    rates = _rates(schedule)
    assert rates[0] == 0.1
    assert all(0 < later <= earlier for earlier, later in itertools.pairwise(rates))


def test_constant_stays():
    assert set(_rates("constant")) == {0.1}


def test_cosine_is_half_way_after_half_of_the_epochs_and_slow_at_both_ends():
    rates = _rates("cosine")
    assert rates[20] == pytest.approx(0.05)
    assert rates[0] - rates[1] < rates[20] - rates[21] > rates[38] - rates[39]


def test_step_halves_all_at_once_and_exponential_on_the_way():
    step, exponential = _rates("step"), _rates("exponential")
    assert step[9] == 0.1
    assert step[10] == exponential[10] == pytest.approx(0.05)
    assert exponential[5] == pytest.approx(0.1 * 0.5**0.5)
