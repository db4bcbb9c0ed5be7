import numpy as np
import pytest
from scipy import stats

from trainer import bootstrap
from trainer.bootstrap import resample

VALUES = np.arange(12.0)


def mean(weights: np.ndarray) -> np.ndarray:
    """One film may count several times; none at all is not computable."""
    films = weights.sum(axis=1, keepdims=True)
    return np.divide(weights @ VALUES[:, np.newaxis], films, out=np.full(films.shape, np.nan), where=films > 0)


def test_patients_are_drawn_with_all_their_films():
    seen: list[np.ndarray] = []
    resample(lambda weights: seen.append(weights) or mean(weights), list("aaabbbcccddd"), 1, replicates=50)
    once, draws, left_out = seen
    assert (once == 1).all()
    assert draws.shape == (50, 12)
    assert (draws.reshape(50, 4, 3) == draws.reshape(50, 4, 3)[:, :, :1]).all()
    assert (draws[:, ::3].sum(axis=1) == 4).all()
    assert left_out[:, ::3].tolist() == (1 - np.eye(4)).tolist()


def test_the_same_seed_gives_the_same_draws_whatever_is_computed_at_a_time(monkeypatch):
    whole = resample(mean, np.arange(12), 1, 100)
    assert np.array_equal(resample(mean, np.arange(12), 1, 100).draws, whole.draws)
    assert not np.array_equal(resample(mean, np.arange(12), 2, 100).draws, whole.draws)
    monkeypatch.setattr(bootstrap, "_MOST_WEIGHTS", 84)
    in_blocks = resample(mean, np.arange(12), 1, 100)
    assert in_blocks.draws.shape == (100, 1)
    assert np.array_equal(in_blocks.left_out, whole.left_out)


def test_many_patients_are_left_out_in_groups(monkeypatch):
    monkeypatch.setattr(bootstrap, "_MOST_LEFT_OUT", 3)
    assert resample(mean, np.arange(12), 1, 10).left_out[0].item() == np.delete(VALUES, [0, 3, 6, 9]).mean()


def test_of_a_mean_both_intervals_are_near_students():
    resampled = resample(mean, np.arange(12), 1, 4000)
    half = VALUES.std() / np.sqrt(12) * stats.norm.ppf(0.975)
    for low, high in (resampled.percentiles(0), resampled.bca(0)):
        assert (low, high) == pytest.approx((5.5 - half, 5.5 + half), abs=0.15)


def test_bca_agrees_with_scipys():
    """Of a skewed statistic: the variance of twenty exponential values."""
    values = np.random.default_rng(2).exponential(size=20)

    def variance(weights: np.ndarray) -> np.ndarray:
        share = weights / weights.sum(axis=1, keepdims=True)
        return (share @ values**2 - (share @ values) ** 2)[:, np.newaxis]

    ours = resample(variance, np.arange(20), 1, 20_000).bca(0)
    theirs = stats.bootstrap((values,), np.var, n_resamples=20_000, method="BCa", random_state=1).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), rel=0.03)


def test_what_no_draw_can_compute_has_no_interval():
    resampled = resample(lambda weights: np.full((len(weights), 1), np.nan), list("ab"), 1, 20)
    assert np.isnan(resampled.percentiles(0)).all()
    assert np.isnan(resampled.bca(0)).all()
