import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from trainer.assess import assess
from trainer.assessment import Assessment
from trainer.predictions import Predictions

METRICS = {"recall", "specificity", "precision", "f1", "accuracy", "auc", "pr_auc", "specificity_at_sensitivity"}
Make = Callable[..., Predictions]


@pytest.mark.parametrize("classes", [("covid", "healthy"), ("healthy", "covid", "bacterial")])
def test_values_agree_with_scikit_learn(make_predictions: Make, classes):
    predictions = make_predictions(90, classes)
    truth, called, score = predictions.is_positive, predictions.decided, predictions.score
    overall = assess(predictions).overall.metrics
    expected = {
        "recall": sklearn_metrics.recall_score(truth, called),
        "specificity": sklearn_metrics.recall_score(~truth, ~called),
        "precision": sklearn_metrics.precision_score(truth, called),
        "f1": sklearn_metrics.f1_score(truth, called),
        "accuracy": sklearn_metrics.accuracy_score(predictions.label, predictions.called),
        "auc": sklearn_metrics.roc_auc_score(truth, score),
        "pr_auc": sklearn_metrics.average_precision_score(truth, score),
    }
    assert {name: overall[name].value for name in expected} == pytest.approx(expected, abs=1e-6)
    brier = sklearn_metrics.brier_score_loss(truth, score)
    assert assess(predictions).reliability.brier == pytest.approx(brier, abs=1e-6)


@pytest.mark.parametrize("classes", [("covid", "healthy"), ("healthy", "covid", "bacterial")])
def test_confusion_matrix_and_report_are_scikit_learns(make_predictions: Make, classes):
    predictions = make_predictions(90, classes)
    assessment = assess(predictions)
    expected = sklearn_metrics.confusion_matrix(predictions.label, predictions.called)
    assert [list(row) for row in assessment.confusion] == expected.tolist()
    report = sklearn_metrics.classification_report(
        predictions.label, predictions.called, target_names=classes, output_dict=True
    )
    for name, row in assessment.report.items():
        ours = {
            "precision": row.precision.value,
            "recall": row.recall.value,
            "f1-score": row.f1.value,
            "support": row.support,
        }
        assert ours == pytest.approx(report[name], abs=1e-6)


def test_every_metric_of_every_slice_is_a_rate_or_has_a_reason(make_predictions: Make):
    assessment = assess(make_predictions(80))
    for one in assessment.slices:
        assert set(one.metrics) | set(one.not_computable) == METRICS
        assert not set(one.metrics) & set(one.not_computable)
        for name, measured in one.metrics.items():
            assert 0 <= measured.low <= measured.value <= measured.high <= 1, (one.name, name)
            assert measured.low < measured.high, (one.name, name)
            assert measured.n <= one.films


def test_without_a_film_nothing_is_computable(make_predictions: Make):
    assessment = assess(make_predictions(4).chosen(np.zeros(4, bool)))
    assert assessment.overall.not_computable == dict.fromkeys(METRICS, "no film")
    assert assessment.confusion == ((0, 0), (0, 0))
    assert {row.support for row in assessment.report.values()} == {0}
    assert assessment.reliability is None


@pytest.mark.parametrize("only", [0, 1])
def test_films_of_one_class_leave_what_needs_the_other_without_a_number(make_predictions: Make, only):
    predictions = make_predictions(60)
    assessment = assess(predictions.chosen(predictions.label == only))
    reason = ["every film is covid", "no film is covid"][only]
    missing = ["specificity", "recall"][only]
    for name in (missing, "auc", "pr_auc", "specificity_at_sensitivity"):
        assert assessment.overall.not_computable[name] == reason
    assert "accuracy" in assessment.overall.metrics
    assert assessment.reliability is None


def test_a_model_that_calls_nothing_positive_has_no_precision(make_predictions: Make):
    predictions = make_predictions(60)
    overall = assess(replace(predictions, decided=np.zeros(60, bool))).overall
    assert overall.not_computable["precision"] == "no film is called covid"
    assert overall.metrics["f1"].value == 0
    assert overall.metrics["f1"].high > 0


def test_no_mistake_at_all_is_not_certain_in_any_metric(make_predictions: Make):
    predictions = make_predictions(80, apart=1000)
    for one in assess(predictions).slices:
        for name, measured in one.metrics.items():
            assert measured.value == measured.high == 1, (one.name, name)
            assert measured.low < 1, (one.name, name)
    assert assess(predictions).overall.metrics["f1"].low == pytest.approx(0.954, abs=1e-3)


def test_the_order_of_the_films_does_not_matter_but_for_the_draws(make_predictions: Make):
    predictions = make_predictions(80)
    assert assess(predictions) == assess(predictions)
    turned = assess(predictions.chosen(np.arange(80)[::-1]))
    for ours, theirs in zip(assess(predictions).slices, turned.slices, strict=True):
        assert ours.name == theirs.name
        for name in ours.metrics:
            assert ours.metrics[name].value == pytest.approx(theirs.metrics[name].value)


def test_it_is_written_and_read(make_predictions: Make):
    assessment = assess(make_predictions(80))
    assert Assessment.model_validate_json(assessment.model_dump_json()) == assessment


def test_eighty_films_take_seconds(make_predictions: Make):
    predictions = make_predictions(80)
    started = time.process_time()
    assert len(assess(predictions).slices) == 18
    assert time.process_time() - started < 5
