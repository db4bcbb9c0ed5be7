from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from trainer.assess import assess
from trainer.by_class import averages, report
from trainer.predictions import Predictions

CLASSES = ("sars", "covid", "mers", "viral")
METRICS = ("precision", "recall", "f1", "auc")
Make = Callable[..., Predictions]


def without(predictions: Predictions, name: str) -> Predictions:
    return predictions.chosen(predictions.label != predictions.classes.index(name))


def test_the_averages_are_scikit_learns(make_predictions: Make) -> None:
    predictions = make_predictions(90, CLASSES, 1.2).chosen(np.arange(90) % 7 != 1)
    expected = sklearn_metrics.classification_report(
        predictions.label, predictions.called, labels=range(4), zero_division=0, output_dict=True
    )
    assessment = assess(predictions)
    for name in ("macro", "weighted"):
        of = assessment.averages[name]
        ours = {"precision": of.precision.value, "recall": of.recall.value, "f1-score": of.f1.value}
        assert ours | {"support": of.support} == pytest.approx(expected[f"{name} avg"])
        assert of.classes == CLASSES
    areas = [
        sklearn_metrics.roc_auc_score(predictions.label == index, predictions.probabilities[:, index])
        for index in range(4)
    ]
    assert assessment.averages["macro"].auc.value == pytest.approx(np.mean(areas), abs=1e-6)
    assert assessment.averages["weighted"].recall.value == pytest.approx(assessment.overall.metrics["accuracy"].value)


def test_every_figure_lies_in_its_interval_and_says_how_many_films_it_is_from(make_predictions: Make) -> None:
    assessment = assess(make_predictions(60, CLASSES))
    for row in (*assessment.report.values(), *assessment.averages.values()):
        for name in METRICS:
            one = getattr(row, name)
            assert 0 <= one.low <= one.value <= one.high <= 1
            assert one.low < one.high
            assert 0 < one.n <= 60


def test_nothing_of_a_class_without_films_is_computable_and_no_average_counts_it(make_predictions: Make) -> None:
    predictions = without(make_predictions(80, CLASSES), "mers")
    rows = report(predictions, seed=0)
    assert rows["mers"].not_computable == dict.fromkeys(METRICS, "no film is mers")
    assert {getattr(rows["mers"], name) for name in METRICS} == {None}
    macro = averages(rows, 60)["macro"]
    assert macro.classes == ("sars", "covid", "viral")
    assert macro.recall.value == pytest.approx(np.mean([rows[name].recall.value for name in macro.classes]))
    assert (predictions.called == 2).any(), "a film called so all the same"
    assert macro.precision.value == pytest.approx(np.mean([rows[name].precision.value for name in macro.classes]))


def test_a_class_that_no_film_is_called_has_no_precision_and_lowers_the_average(make_predictions: Make) -> None:
    predictions = make_predictions(80, CLASSES)
    silent = predictions.probabilities.copy()
    silent[:, 2] = 0
    rows = report(replace(predictions, probabilities=silent), seed=0)
    assert (rows["mers"].precision, rows["mers"].not_computable["precision"]) == (None, "no film is called mers")
    assert rows["mers"].recall.value == 0
    macro = averages(rows, 80)["macro"]
    others = [rows[name].precision.value for name in CLASSES if name != "mers"]
    assert macro.precision.value == pytest.approx(sum(others) / 4)
    assert macro.precision.high > macro.precision.value


def test_a_class_of_one_patient_has_no_area(make_predictions: Make) -> None:
    predictions = make_predictions(80, CLASSES)
    patients = [
        "one" if label == 0 else patient
        for label, patient in zip(predictions.label, predictions.patient_id, strict=True)
    ]
    rows = report(replace(predictions, patient_id=patients), seed=0)
    assert rows["sars"].auc is None
    assert "of one patient" in rows["sars"].not_computable["auc"]
    assert rows["sars"].recall is not None


def test_without_a_film_there_is_no_average(make_predictions: Make) -> None:
    rows = report(make_predictions(8, CLASSES).chosen(np.zeros(8, bool)), seed=0)
    assert {row.not_computable["recall"] for row in rows.values()} == {"no film"}
    for one in averages(rows, 0).values():
        assert (one.support, one.classes, one.precision, one.auc) == (0, (), None, None)
