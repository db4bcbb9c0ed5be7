import numpy as np
import pytest

from trainer.metrics import area_under_curve, rate
from trainer.ranked_metrics import not_rankable, ranked_metrics
from trainer.statistics import clopper_pearson

POSITIVES = np.repeat([True, False], 30)
PATIENTS = np.arange(60).astype(str)


def test_values_lie_in_their_intervals_and_the_area_is_the_one_of_the_other_reports():
    scores = np.random.default_rng(1).normal(1.5 * POSITIVES)
    metrics = ranked_metrics(scores, POSITIVES, PATIENTS, 0.95, seed=3)
    for measured in metrics.values():
        assert 0 <= measured.low <= measured.value <= measured.high <= 1
        assert (measured.n, measured.patients) == (60, 60)
    assert metrics["auc"] == area_under_curve(scores, POSITIVES, PATIENTS, seed=3)


def test_complete_separation_is_no_more_certain_than_its_patients():
    scores = np.where(POSITIVES, 0.9, 0.1)
    metrics = ranked_metrics(scores, POSITIVES, PATIENTS, 0.95, seed=3)
    for measured in metrics.values():
        assert measured.value == measured.high == 1
        assert measured.low == pytest.approx(clopper_pearson(30, 30).low)


def test_films_of_one_patient_widen_every_interval():
    scores = np.random.default_rng(1).normal(1.5 * POSITIVES)
    alone = ranked_metrics(scores, POSITIVES, PATIENTS, 0.9, seed=3)
    copied = ranked_metrics(np.tile(scores, 3), np.tile(POSITIVES, 3), np.tile(PATIENTS, 3), 0.9, seed=3)
    for name, once in alone.items():
        assert copied[name].value == pytest.approx(once.value)
        assert copied[name].high - copied[name].low == pytest.approx(once.high - once.low, rel=0.1), name


def test_a_specificity_read_off_the_same_films_is_no_surer_than_one_at_a_fixed_threshold():
    scores = np.random.default_rng(1).normal(1.5 * POSITIVES)
    measured = ranked_metrics(scores, POSITIVES, PATIENTS, 0.95, seed=3)["specificity_at_sensitivity"]
    cut = np.sort(scores[POSITIVES])[1]
    fixed = rate(scores[~POSITIVES] < cut, PATIENTS[~POSITIVES])
    assert measured.value == pytest.approx(fixed.value)
    assert measured.low <= fixed.low
    assert measured.high >= fixed.high


@pytest.mark.parametrize(
    "positives, patients, reason",
    [
        ([False, False], "ab", "no film is covid"),
        ([True, True], "ab", "every film is covid"),
        ([True, True, False, False], "aabc", "the 2 films that are covid are of one patient; an interval needs two"),
        ([True, True, False], "abc", "the 1 films that are not covid are of one patient; an interval needs two"),
    ],
)
def test_the_reason_is_said_where_there_is_no_ranking(positives, patients, reason):
    reasons = not_rankable(np.array(positives), np.array(list(patients)), 0.95, "covid")
    assert reasons == dict.fromkeys(("auc", "pr_auc", "specificity_at_sensitivity"), reason)


def test_few_positive_films_cannot_tell_a_high_recall_from_one():
    few = POSITIVES[11:]
    assert not_rankable(few, PATIENTS[11:], 0.95, "covid") == {
        "specificity_at_sensitivity": "19 covid films cannot tell a recall of 0.95 from 1"
    }
    assert not not_rankable(POSITIVES[10:], PATIENTS[10:], 0.95, "covid")
