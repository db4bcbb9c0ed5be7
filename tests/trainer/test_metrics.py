import numpy as np
import pytest

from trainer.metrics import f1, measure, rate
from trainer.statistics import wilson


def test_rates_carry_their_interval_and_what_they_were_measured_on():
    scores = np.array([0.9, 0.8, 0.4, 0.6, 0.3, 0.2, 0.1], np.float32)
    positives = np.array([True, True, True, False, False, False, False])
    metrics = measure(scores, positives, np.array(list("abcdefg")), 0.5, seed=1)
    assert metrics["recall"].value == pytest.approx(2 / 3)
    assert metrics["specificity"].value == 0.75
    assert metrics["auc"].value == pytest.approx(11 / 12)
    assert (metrics["recall"].n, metrics["specificity"].n, metrics["auc"].n) == (3, 4, 7)
    for measured in metrics.values():
        assert measured.low <= measured.value <= measured.high
        assert measured.n == measured.patients


def test_a_score_at_the_threshold_is_positive_in_float32_as_in_the_served_graph():
    score = np.float32(0.1)
    metrics = measure(np.array([score, 0.0], np.float32), np.array([True, False]), np.array(["a", "b"]), 0.1, seed=1)
    assert float(score) != 0.1
    assert metrics["recall"].value == 1


def test_films_of_one_patient_widen_the_interval():
    alone = rate(np.ones(12, bool), np.arange(12).astype(str))
    together = rate(np.ones(12, bool), np.repeat(["a", "b", "c"], 4))
    assert alone.low == pytest.approx(wilson(12, 12).low)
    assert together.low == pytest.approx(wilson(3, 3).low)
    assert (together.value, together.n, together.patients) == (1, 12, 3)


def test_f1_is_as_certain_as_the_films_that_are_positive_or_called_so():
    """45 films of which 39 are both: F1 = 78 / 84, and its ends are those of 39 of 45, for F1 = 2 J / (1 + J)."""
    positives = np.repeat([True, False], 40)
    found = np.concatenate([np.arange(40) < 39, np.arange(40) < 5])
    measured = f1(found, positives, np.arange(80).astype(str))
    share = wilson(39, 45)
    assert measured.value == pytest.approx(78 / 84)
    assert (measured.low, measured.high) == pytest.approx([2 * j / (1 + j) for j in (share.low, share.high)])
    assert (measured.n, measured.patients) == (45, 45)


def test_the_interval_of_f1_holds_the_truth_in_about_95_of_100_simulations():
    """80 films, recall .9, specificity .85, half of them positive; seed 0, 2000 simulations."""
    generator, truth = np.random.default_rng(0), 2 * 0.45 / (2 * 0.45 + 0.075 + 0.05)
    held = []
    for _ in range(2000):
        kinds = generator.choice(4, 80, p=[0.45, 0.05, 0.075, 0.425])
        measured = f1(np.isin(kinds, [0, 2]), np.isin(kinds, [0, 1]), np.arange(80))
        held.append(measured.low <= truth <= measured.high)
    assert 0.935 <= np.mean(held) <= 0.965
