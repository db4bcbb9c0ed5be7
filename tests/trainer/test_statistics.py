from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from trainer.errors import RunError
from trainer.statistics import (
    Interval,
    auc,
    bootstrap_auc,
    clopper_pearson,
    design_effect,
    mcnemar_exact,
    per_patient,
    threshold_for_recall,
    wilson,
)

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize("n, low", [(40, 0.912), (24, 0.858), (15, 0.782)])
def test_no_miss_among_few_films_is_not_yet_perfect(n, low):
    assert clopper_pearson(n, n).low == pytest.approx(low, abs=5e-4)
    assert clopper_pearson(n, n).high == 1
    assert clopper_pearson(0, n).high == pytest.approx(1 - low, abs=5e-4)


@pytest.mark.parametrize(
    "k, n, low, high",
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(k, n, low, high):
    """Method 3 in Table I of Newcombe, Statistics in Medicine 17 (1998) 857-872."""
    interval = wilson(k, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@pytest.mark.parametrize(
    "k, n, low, high",
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_clopper_pearson_gives_the_published_intervals(k, n, low, high):
    """Method 5 in Table I of Newcombe, Statistics in Medicine 17 (1998) 857-872."""
    interval = clopper_pearson(k, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def coverage(interval: Callable[[float, float], Interval], n: int, rates: np.ndarray) -> np.ndarray:
    """The exact share of intervals that hold each rate: all outcomes, weighted by their binomial probability."""
    counts = np.arange(n + 1)
    ends = [interval(int(k), n) for k in counts]
    low, high = np.array([end.low for end in ends]), np.array([end.high for end in ends])
    holds = (low[:, np.newaxis] <= rates) & (rates <= high[:, np.newaxis])
    return (holds * stats.binom.pmf(counts[:, np.newaxis], n, rates)).sum(axis=0)


RATES = np.linspace(0.5, 0.99, 491)


@pytest.mark.parametrize("n", [20, 40, 80, 200])
def test_wilson_covers_95_of_100_on_average(n):
    assert 0.945 <= coverage(wilson, n, RATES).mean() <= 0.96


@pytest.mark.parametrize("n", [1, 5, 20, 40, 80, 200])
def test_clopper_pearson_never_covers_less_than_95_of_100(n):
    assert coverage(clopper_pearson, n, np.linspace(0.001, 0.999, 999)).min() >= 0.95


@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_both_intervals_agree_with_scipy(count, confidence):
    k, n = count
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        theirs = stats.binomtest(k, n).proportion_ci(confidence, method)
        assert ours(k, n, confidence).low == pytest.approx(theirs.low, abs=1e-9)
        assert ours(k, n, confidence).high == pytest.approx(theirs.high, abs=1e-9)


@given(counts, st.floats(1, 10))
def test_fewer_effective_films_never_narrow_an_interval(count, effect):
    k, n = count
    for interval in (wilson, clopper_pearson):
        all_films, effective = interval(k, n), interval(k / effect, n / effect)
        assert effective.low <= all_films.low + 1e-9
        assert effective.high >= all_films.high - 1e-9


def test_without_films_nothing_is_known():
    assert wilson(0, 0) == clopper_pearson(0, 0) == Interval(0, 1)


@pytest.mark.parametrize("k", [-1, 11])
def test_impossible_counts_are_refused(k):
    with pytest.raises(ValueError, match=r"must lie between 0 and n \(=10\)"):
        wilson(k, 10)


def test_one_film_per_patient_needs_no_widening():
    generator = np.random.default_rng(0)
    assert design_effect(generator.integers(2, size=5000), np.ones(5000)) == pytest.approx(1, abs=1e-12)
    assert design_effect([1] * 21 + [0] * 3, np.ones(24)) == pytest.approx(1, abs=1e-12)
    assert design_effect(np.ones(40), np.ones(40)) == 1


def test_films_of_a_patient_that_always_agree_count_as_one():
    successes = np.repeat([4, 0], [700, 300])
    assert design_effect(successes, np.full(1000, 4)) == pytest.approx(4, abs=0.01)


def test_without_variance_likeness_is_taken_to_be_complete():
    assert design_effect([3, 3, 3], [3, 3, 3]) == 3
    assert design_effect([0, 0], [1, 3]) == 2.5
    assert design_effect([5], [8]) == 8


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(any), min_size=1, max_size=30))
def test_the_design_effect_is_never_below_one(patients):
    assert design_effect([hits for hits, _ in patients], [hits + misses for hits, misses in patients]) >= 1


def test_a_patient_without_films_is_refused():
    with pytest.raises(ValueError, match="one number per patient"):
        design_effect([0, 1], [0, 1])


def test_films_are_counted_by_patient():
    successes, films = per_patient([True, False, True, True], ["b", "a", "b", "a"])
    assert successes.tolist() == [1, 2]
    assert films.tolist() == [2, 2]


POSITIVES = np.array([True, True, True, True, False, False, False, False])
SCORES = np.array([0.9, 0.8, 0.6, 0.3, 0.7, 0.4, 0.2, 0.1])


@pytest.mark.parametrize("target, threshold", [(1.0, 0.25), (0.75, 0.5), (0.76, 0.25), (0.5, 0.75), (0.01, 0.85)])
def test_the_threshold_lies_midway_below_the_last_film_it_needs(target, threshold):
    assert threshold_for_recall(SCORES, POSITIVES, target) == pytest.approx(threshold, abs=1e-6)


def test_tied_positives_are_all_accepted():
    threshold = threshold_for_recall([0.5, 0.5, 0.5, 0.2], [True, True, False, False], 0.5)
    assert threshold == pytest.approx(0.35)


def test_with_no_lower_score_the_threshold_lies_midway_to_zero():
    assert threshold_for_recall([0.4, 0.9], [True, False], 1) == pytest.approx(0.2)
    assert threshold_for_recall([0.0, 0.9], [True, False], 1) == 0


def test_neighbouring_float32_scores_are_kept_apart():
    upper = np.float32(0.5)
    lower = np.nextafter(upper, np.float32(0))
    threshold = np.float32(threshold_for_recall([upper, lower], [True, False], 1))
    assert lower < threshold <= upper


@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=2, max_size=60).filter(
        lambda films: len({positive for _, positive in films}) == 2
    ),
    st.floats(0.01, 1),
)
def test_the_threshold_reaches_its_target_and_no_higher_one_does(films, target):
    scores, positives = (np.array(column) for column in zip(*films, strict=True))
    threshold = threshold_for_recall(scores, positives, target)
    found = scores[positives] >= threshold
    assert found.mean() >= target - 1e-9
    assert (scores[positives] > scores[positives][found].min()).mean() < target


@pytest.mark.parametrize("positives", [[True, True], [False, False]])
def test_one_class_alone_is_refused(positives):
    for measure in (auc, lambda s, p: threshold_for_recall(s, p, 0.9), lambda s, p: bootstrap_auc(s, p, ["a", "b"], 0)):
        with pytest.raises(RunError, match="both classes are needed"):
            measure([0.1, 0.2], positives)


@given(st.integers(0, 2**32 - 1))
def test_auc_agrees_with_scikit_learn_ties_included(seed):
    generator = np.random.default_rng(seed)
    positives = np.append(generator.integers(2, size=30).astype(bool), [True, False])
    scores = generator.integers(8, size=32) / 8
    assert auc(scores, positives) == pytest.approx(roc_auc_score(positives, scores))


def test_the_bootstrap_is_repeatable_and_holds_the_estimate():
    generator = np.random.default_rng(3)
    positives = np.repeat([True, False], 40)
    scores = generator.normal(positives, 1)
    patients = np.arange(80).astype(str)
    interval = bootstrap_auc(scores, positives, patients, seed=1)
    assert interval == bootstrap_auc(scores, positives, patients, seed=1)
    assert interval.low < auc(scores, positives) < interval.high
    # DeLong's interval for these scores, the usual one for independent films.
    assert interval.high - interval.low == pytest.approx(_delong_width(scores, positives), rel=0.15)


def test_films_of_one_patient_widen_the_bootstrap():
    generator = np.random.default_rng(3)
    positives = np.repeat([True, False], 20)
    scores = generator.normal(positives, 1)
    once = bootstrap_auc(scores, positives, np.arange(40), seed=1)
    copied = bootstrap_auc(np.tile(scores, 4), np.tile(positives, 4), np.tile(np.arange(40), 4), seed=1)
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.05)


def test_complete_separation_is_no_more_certain_than_its_patients():
    interval = bootstrap_auc([0.9, 0.8, 0.7, 0.3, 0.2], [True, True, True, False, False], list("aabcd"), seed=1)
    assert interval == clopper_pearson(2, 2)


@pytest.mark.parametrize("apart", [1.0, 1.8, 3.0])
def test_the_interval_of_an_area_holds_the_truth_in_about_95_of_100_simulations(apart):
    """40 films of each side with normal scores; 300 seeds, so one standard error is .013 of .95 and .009 of .025."""
    generator, positives, held, above = np.random.default_rng(0), np.repeat([True, False], 40), [], []
    area = stats.norm.cdf(apart / np.sqrt(2))
    for seed in range(300):
        interval = bootstrap_auc(generator.normal(apart * positives), positives, np.arange(80), seed, replicates=500)
        held.append(interval.low <= area <= interval.high)
        above.append(interval.low > area)
    assert 0.91 <= np.mean(held) <= 0.99
    assert np.mean(above) <= 0.06  # the plain percentiles: .10 at 3.0


def test_scores_that_are_all_the_same_have_an_area_of_one_half():
    assert bootstrap_auc([0.5] * 8, [True, False] * 4, list("abcdefgh"), seed=1) == Interval(0.5, 0.5)


def test_mcnemar_gives_the_published_p_value():
    """9 and 2 discordant pairs: Fay, The R Journal 2/1 (2010) 53-58, and the help of his mcnemar.exact: p = 0.06543."""
    assert mcnemar_exact(2, 9)[0] == pytest.approx(0.06543, abs=5e-6)
    assert mcnemar_exact(2, 9)[1] == pytest.approx(0.06543 / 2, abs=5e-6)
    assert mcnemar_exact(9, 2)[1] == pytest.approx(1 - 12 / 2048)


def test_models_that_never_differ_are_equally_good():
    assert mcnemar_exact(0, 0) == (1, 1)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_sign_test(better, worse):
    both, one = mcnemar_exact(better, worse)
    assert both == mcnemar_exact(worse, better)[0]
    n = better + worse
    assert one == pytest.approx(stats.binom.sf(worse - 1, n, 0.5) if n else 1)
    assert both == pytest.approx(min(1, 2 * stats.binom.cdf(min(better, worse), n, 0.5)))


def _delong_width(scores: np.ndarray, positives: np.ndarray) -> float:
    above = (scores[positives][:, None] > scores[~positives][None]).astype(float)
    variance = above.mean(1).var(ddof=1) / above.shape[0] + above.mean(0).var(ddof=1) / above.shape[1]
    return 2 * 1.96 * np.sqrt(variance)
