"""From trials to what a network comes to."""

import numpy as np
import pytest

from pipeline.compare.outcome import by_most_probable, network_of, pooled
from pipeline.compare.result import ComparisonResult
from tests.drawn_networks import draw_predictions, draw_result, draw_trials


def test_folds_are_pooled_film_by_film_each_decided_at_its_own_threshold() -> None:
    trials = draw_trials("cnn", 3, folds=3)
    said = pooled([one for _, one in trials])
    assert len(said) == 120
    assert len(set(said.image_id)) == 120
    np.testing.assert_array_equal(said.decided, np.concatenate([one.decided for _, one in trials]))
    network = network_of("cnn", trials, said)
    assert network.train_accuracy is None, "a film trains in several folds"
    assert network.at_threshold.overall.metrics["accuracy"].n == 120
    accuracies = [np.mean(one.called == one.label) for _, one in trials]
    spread = network.spread["accuracy"]
    assert spread.values == pytest.approx(accuracies)
    assert (spread.low, spread.high) == (min(accuracies), max(accuracies))
    assert spread.deviation == pytest.approx(np.std(accuracies, ddof=1))
    assert {"recall", "specificity", "auc", "train_loss"} <= set(network.spread)


def test_one_split_has_no_spread_and_its_films_decide() -> None:
    ((report, said),) = draw_trials("cnn", 3)
    network = network_of("cnn", [(report, said)], said)
    assert network.spread == {}
    assert network.train_accuracy == report.train_accuracy
    recall = network.at_threshold.overall.metrics["recall"]
    assert recall.value == pytest.approx(said.decided[said.is_positive].mean())


@pytest.mark.parametrize("classes", [("covid", "healthy"), ("covid", "sars", "other")])
def test_the_most_probable_class_is_what_a_film_is_called_whatever_the_threshold(
    classes: tuple[str, ...],
) -> None:
    said = draw_predictions(5, classes=classes)
    np.testing.assert_array_equal(by_most_probable(said).called, said.probabilities.argmax(axis=1))
    assert (by_most_probable(said).called != said.called).any()


def test_a_result_is_read_as_it_was_written() -> None:
    result = draw_result("cnn", "vgg16", folds=3)
    assert ComparisonResult.model_validate_json(result.model_dump_json()) == result
