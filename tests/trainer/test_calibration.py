import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from trainer.calibration import calibrated, fit_temperature, reliability
from trainer.statistics import wilson


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def drawn(n: int, classes: int, seed: int, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from probabilities, and what a network says that is ``temperature`` times too sure of itself."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (n, classes))
    labels = np.array([generator.choice(classes, p=row / row.sum()) for row in softmax(logits).astype(float)])
    return softmax(logits * temperature), labels


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 1.7, 10.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_numpy_and_the_served_graph_give_the_same_calibrated_scores(temperature, classes):
    import tensorflow as tf

    from trainer.signatures import Decision

    probabilities, _ = drawn(200, classes, 1)
    probabilities[0] = np.eye(classes)[0]  # a score of 0, whose logarithm is bounded
    decision = Decision(tuple("abc"[:classes]), "a", 0.5, temperature)
    theirs = decision.calibrated(tf.constant(probabilities)).numpy()
    ours = calibrated(probabilities, temperature)
    assert ours.dtype == theirs.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(ours.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_a_network_that_is_too_sure_is_found(temperature, classes):
    probabilities, labels = drawn(4000, classes, 2, temperature)
    assert fit_temperature(probabilities, labels) == pytest.approx(temperature, rel=0.1)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_no_other_temperature_makes_the_labels_more_likely(seed):
    probabilities, labels = drawn(60, 2, seed, 2.0)
    found = fit_temperature(probabilities, labels)

    def loss(temperature: float) -> float:
        return -np.log(calibrated(probabilities, temperature)[np.arange(60), labels] + 1e-12).mean()

    assert loss(found) <= min(loss(found * 0.9), loss(found * 1.1), loss(1.0)) + 1e-5


def test_films_that_are_all_right_do_not_make_the_network_surer():
    probabilities, _ = drawn(60, 2, 3)
    assert fit_temperature(probabilities, probabilities.argmax(axis=1)) == 1


def test_a_network_that_knows_nothing_is_told_so_within_bounds():
    probabilities, _ = drawn(60, 2, 3)
    assert fit_temperature(probabilities, 1 - probabilities.argmax(axis=1)) == pytest.approx(10, rel=1e-3)


def test_bins_of_equally_many_films_are_scikit_learns():
    generator = np.random.default_rng(4)
    scores = generator.random(200)
    positives = generator.random(200) < scores
    found = reliability(scores, positives, np.arange(200).astype(str))
    shares, means = calibration_curve(positives, scores, n_bins=10, strategy="quantile")
    assert [one.share.value for one in found.bins] == pytest.approx(shares.tolist())
    assert [one.score for one in found.bins] == pytest.approx(means.tolist())
    assert found.error.value == pytest.approx(np.abs(shares - means).mean())
    assert all(one.low <= one.score <= one.high for one in found.bins)


@pytest.mark.parametrize("films, bins", [(2, 1), (9, 1), (10, 2), (49, 9), (80, 10), (1000, 10)])
def test_no_bin_has_fewer_than_five_films_where_there_are_as_many(films, bins):
    scores = np.linspace(0, 1, films)
    found = reliability(scores, scores > 0.5, np.arange(films).astype(str)).bins
    assert len(found) == bins
    assert sum(one.share.n for one in found) == films
    assert films < 5 or min(one.share.n for one in found) >= 5


def test_equal_scores_stay_in_one_bin():
    scores = np.repeat([0.1, 0.2, 0.7, 0.9], [20, 3, 30, 27])
    found = reliability(scores, np.arange(80) % 2 == 0, np.arange(80).astype(str)).bins
    assert [one.share.n for one in found] == [23, 30, 27]


def test_a_perfect_score_is_no_more_certain_than_its_films():
    positives = np.repeat([True, False], 40)
    error = reliability(positives.astype(float), positives, np.arange(80).astype(str)).error
    assert (error.value, error.low) == (0, 0)
    assert error.high == pytest.approx(wilson(0, 80).high)
    of_few = reliability(positives.astype(float), positives, np.repeat(np.arange(20), 4).astype(str)).error
    assert of_few.high == pytest.approx(wilson(0, 20).high)


@pytest.mark.parametrize("shift, error", [(0.0, 0.0), (0.2, 0.2)])
@pytest.mark.parametrize("films, per_patient", [(20, 1), (80, 1), (80, 2)])
def test_the_interval_of_the_calibration_error_holds_the_truth_in_at_least_95_of_100_simulations(
    shift, error, films, per_patient
):
    """Scores uniform in .2 to .8, shares ``shift`` lower, films of a patient alike; 100 seeds, as of any share."""
    generator = np.random.default_rng(0)
    patients, held = np.repeat(np.arange(films // per_patient), per_patient).astype(str), []
    for seed in range(100):
        scores = np.repeat(generator.uniform(0.2, 0.8, films // per_patient), per_patient)
        truth = np.repeat(generator.random(films // per_patient), per_patient) < scores - shift
        found = reliability(scores, truth, patients, seed).error
        assert found.low <= found.value <= found.high
        held.append(found.low <= error <= found.high)
    assert np.mean(held) >= 0.93  # one standard error of .95 is .022


def test_a_network_that_is_sure_and_wrong_is_known_not_to_be_calibrated():
    generator = np.random.default_rng(0)
    scores = np.repeat([0.99, 0.01], 200)
    error = reliability(scores, generator.random(400) < 0.5, np.arange(400).astype(str)).error
    assert error.value == pytest.approx(0.49, abs=0.05)
    assert error.low > 0.3
