import numpy as np
import pytest

from trainer.averages import average
from trainer.servable import Rate
from trainer.statistics import wilson


def made(k: int, n: int) -> Rate:
    interval = wilson(k, n)
    return Rate(value=k / n, low=interval.low, high=interval.high, n=n, patients=n)


def test_the_mean_is_weighted_and_lies_in_its_interval() -> None:
    rates = [made(9, 10), made(1, 4), made(3, 3)]
    for independent in (True, False):
        mean = average(rates, [10, 4, 3], independent=independent, n=17, patients=15)
        assert mean.value == pytest.approx((9 + 1 + 3) / 17)
        assert 0 <= mean.low < mean.value < mean.high <= 1
        assert (mean.n, mean.patients) == (17, 15)


def test_independent_classes_make_a_narrower_interval_than_classes_that_err_together() -> None:
    rates = [made(9, 10), made(5, 8)]
    apart, together = (average(rates, [1, 1], independent=one, n=18, patients=18) for one in (True, False))
    assert together.low < apart.low < apart.high < together.high
    assert together.low == pytest.approx((rates[0].low + rates[1].low) / 2)


def test_the_mean_of_one_class_is_its_rate() -> None:
    for independent in (True, False):
        one = average([made(7, 9)], [3], independent=independent, n=9, patients=9)
        assert (one.value, one.low, one.high) == pytest.approx((7 / 9, wilson(7, 9).low, wilson(7, 9).high))


def test_no_mistake_in_any_class_is_not_certain() -> None:
    mean = average([made(5, 5)] * 3, [1, 1, 1], independent=True, n=15, patients=15)
    assert mean.value == mean.high == 1
    assert mean.low < 0.8


def test_the_interval_of_a_macro_recall_holds_the_truth_about_as_often_as_it_says() -> None:
    """2000 draws of three classes: 30, 12 and 5 films, found with .9, .7 and .5."""
    generator = np.random.default_rng(1)
    sizes, truth = (30, 12, 5), (0.9, 0.7, 0.5)
    held = 0
    for _ in range(2000):
        rates = [made(int(generator.binomial(n, p)), n) for n, p in zip(sizes, truth, strict=True)]
        mean = average(rates, [1, 1, 1], independent=True, n=47, patients=47)
        held += mean.low <= np.mean(truth) <= mean.high
    assert 0.93 <= held / 2000 <= 0.98
