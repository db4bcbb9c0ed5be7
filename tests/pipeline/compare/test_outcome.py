"""From trials to what a network comes to."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from components.manifest_gen.rows import ManifestRow
from pipeline.compare.nodes import node_of
from pipeline.compare.outcome import broken_off, by_most_probable, count_films, finished, network_of, pooled
from pipeline.compare.result import ComparisonResult
from pipeline.lineage import NodeRun
from pipeline.result import RunResult
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


def test_scores_of_several_networks_are_not_ranked_and_each_gap_has_its_reason() -> None:
    trials = draw_trials("cnn", 3, folds=3)
    network = network_of("cnn", trials, pooled([one for _, one in trials]))
    ranked = {"auc", "pr_auc", "specificity_at_sensitivity"}
    for one in network.at_threshold.slices:
        assert not ranked & set(one.metrics)
        assert all("do not rank against one another" in one.not_computable[name] for name in ranked)
    assert network.at_threshold.reliability is None
    for found in (network.most_probable, network.at_threshold):
        assert [row.auc for row in (*found.report.values(), *found.averages.values())] == [None] * 4
        assert all("auc" in row.not_computable for row in found.report.values())
    ((report, said),) = draw_trials("cnn", 3)
    single = network_of("cnn", [(report, said)], said)
    assert "auc" in single.at_threshold.overall.metrics


def test_what_has_no_threshold_tells_of_none() -> None:
    network = draw_result("cnn").networks[0]
    assert "threshold" not in network.most_probable.model_dump()
    assert network.most_probable.accuracy is not None
    right = sum(network.most_probable.confusion[label][label] for label in (0, 1))
    assert network.most_probable.accuracy.value == pytest.approx(right / 40)


def test_films_are_counted_in_the_order_in_which_splits_are_used() -> None:
    def rows(*places: tuple[str, str]) -> list[ManifestRow]:
        return [cast(ManifestRow, SimpleNamespace(label=label, split=split)) for label, split in places]

    films = rows(("a", "unused"), ("a", "test"), ("b", "train"), ("a", "train"), ("a", "test"), ("b", "eval"))
    assert [list(counts.items()) for counts in count_films(films, 0).values()] == [
        [("train", 1), ("eval", 0), ("test", 2), ("unused", 1)],
        [("train", 1), ("eval", 1), ("test", 0), ("unused", 0)],
    ]
    assert list(count_films(rows(("a", "fold10"), ("a", "fold2")), 10)["a"]) == ["fold2", "fold10"]


def test_a_result_is_read_as_it_was_written() -> None:
    result = draw_result("cnn", "vgg16", folds=3)
    assert ComparisonResult.model_validate_json(result.model_dump_json()) == result


def test_networks_that_finished_before_one_failed_keep_their_figures_under_the_failure() -> None:
    states = {"cnn": ("ran", "cached", "ran"), "vgg16": ("ran", "failed"), "densenet121": ()}
    nodes = {
        node_of(name, fold): NodeRun(node_of(name, fold), state, 1, {})
        for name, of in states.items()
        for fold, state in enumerate(of, start=1)
    }
    assert finished(nodes, tuple(states), 3) == ("cnn",)
    assert finished({"NetworkTrial.cnn": NodeRun("", "ran", 1, {})}, ("cnn", "vgg16"), 0) == ("cnn",)
    failure = RunResult(status="failed", reasons=("NetworkTrial.vgg16.fold2: the loss is nan",))
    result = broken_off(draw_result("cnn", folds=3, warnings=("few films",)), failure, tuple(states))
    assert (result.status, result.reasons) == ("failed", failure.reasons)
    assert result.warnings == (
        "the comparison failed before vgg16, densenet121 finished; what follows is of cnn alone",
        *failure.reasons,
        "few films",
    )
