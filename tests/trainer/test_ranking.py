import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from trainer.ranking import rank


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with ties, sides, and how often each film counts."""
    generator = np.random.default_rng(seed)
    positives = np.append(generator.integers(2, size=30).astype(bool), [True, False])
    weights = np.append(generator.integers(4, size=30), [1, 1]).astype(float)
    return generator.integers(9, size=32) / 8, positives, weights


@given(st.integers(0, 2**32 - 1))
def test_areas_agree_with_scikit_learn_ties_and_weights_included(seed):
    scores, positives, weights = drawn(seed)
    cuts = rank(scores, positives)(weights[np.newaxis])
    assert cuts.auc[0] == pytest.approx(roc_auc_score(positives, scores, sample_weight=weights), abs=1e-9)
    expected = average_precision_score(positives, scores, sample_weight=weights)
    assert cuts.average_precision[0] == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 0.8, 0.9, 0.95, 1.0]))
def test_no_threshold_with_enough_recall_has_a_better_specificity(seed, sensitivity):
    scores, positives, weights = drawn(seed)
    false, found, _ = roc_curve(positives, scores, sample_weight=weights, drop_intermediate=False)
    best = (1 - false)[found >= sensitivity - 1e-9].max()
    assert rank(scores, positives)(weights[np.newaxis]).specificity_at(sensitivity)[0] == pytest.approx(best, abs=1e-9)


def test_without_films_of_both_sides_there_is_nothing_to_compute():
    cuts = rank([0.1, 0.2, 0.3], [True, False, True])(np.array([[1.0, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 1]]))
    assert np.isnan(cuts.auc).tolist() == [True, True, True, False]
    assert np.isnan(cuts.specificity_at(0.9)).tolist() == [True, True, True, False]
    assert np.isnan(cuts.average_precision).tolist() == [False, True, True, False]
