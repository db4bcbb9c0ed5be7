import numpy as np
import pytest

from trainer.metrics import measure, rate
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
