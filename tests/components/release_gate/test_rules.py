"""The release decision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.release_gate.rules import decide, judge_lower_bound
from components.release_gate.settings import GateSettings
from trainer.predictions import Predictions


def predictions(label: list[int], decided: list[bool], patients: list[str] | None = None) -> Predictions:
    films = len(label)
    probabilities = np.array([[0.9, 0.1] if found else [0.1, 0.9] for found in decided], np.float32).reshape(films, 2)
    return Predictions(
        classes=("covid", "healthy"),
        positive=0,
        image_id=[str(n) for n in range(films)],
        patient_id=patients or [str(n) for n in range(films)],
        label=np.array(label, np.int64),
        view=["PA"] * films,
        source=["one"] * films,
        probabilities=probabilities,
        decided=np.array(decided, bool),
    )


@pytest.mark.parametrize("films, low", [(24, 0.858), (40, 0.912), (15, 0.782)])
def test_no_miss_among_few_films_is_not_yet_certainty(films: int, low: float) -> None:
    patients = np.arange(films)
    rule = judge_lower_bound("recall", 0.85, np.ones(films, bool), patients)
    assert rule.value == pytest.approx(low, abs=5e-4)
    assert rule.passed == (low >= 0.85)


def test_the_bound_is_compared_with_the_lower_end_and_not_with_the_point() -> None:
    decision = decide(
        predictions([0] * 24 + [1] * 24, [True] * 21 + [False] * 27), GateSettings(min_recall=0.7, min_specificity=0.5)
    )
    assert decision.metrics["recall"].value == 21 / 24
    assert decision.rules[0].value == pytest.approx(0.6764, abs=1e-4)  # Clopper-Pearson of 21 of 24
    assert not decision.rules[0].passed
    assert decision.status == "not_blessed"
    assert decision.rules[0].message == (
        "recall 21/24 films of 24 patients: lower bound 0.676 is below gate.min_recall 0.700"
    )


def test_several_films_of_a_patient_widen_the_interval() -> None:
    alone = judge_lower_bound("recall", 0, np.ones(24, bool), np.arange(24))
    paired = judge_lower_bound("recall", 0, np.ones(24, bool), np.arange(24) // 2)
    twelve = judge_lower_bound("recall", 0, np.ones(12, bool), np.arange(12))
    assert paired.value == pytest.approx(twelve.value)
    assert (paired.value or 0) < (alone.value or 0)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20), st.data())
def test_a_miss_never_raises_the_bound(films: list[int], data: st.DataObject) -> None:
    patients = np.repeat(np.arange(len(films)), films)
    found = np.array(data.draw(st.lists(st.booleans(), min_size=patients.size, max_size=patients.size)))
    fewer = found.copy()
    fewer[np.flatnonzero(found)[:1]] = False
    bounds = [judge_lower_bound("recall", 0, hits, patients).value or 0 for hits in (found, fewer)]
    assert bounds[1] <= bounds[0]


def test_a_model_that_calls_everything_positive_is_not_blessed() -> None:
    decision = decide(predictions([0] * 40 + [1] * 40, [True] * 80), GateSettings(min_recall=0.6, min_specificity=0.5))
    assert [rule.passed for rule in decision.rules] == [True, False]
    assert decision.status == "not_blessed"


def test_a_good_model_is_blessed_with_its_metrics() -> None:
    gate = GateSettings(min_recall=0.85, min_specificity=0.85)
    decision = decide(predictions([0] * 40 + [1] * 40, [True] * 40 + [False] * 40), gate, ("a warning",))
    assert decision.status == "blessed"
    assert set(decision.metrics) == {"recall", "specificity", "auc"}
    assert decision.metrics["recall"].n == decision.metrics["recall"].patients == 40
    assert decision.warnings == ("a warning",)


@pytest.mark.parametrize("label", [[], [0, 0], [1, 1]], ids=["no film", "positives only", "negatives only"])
def test_a_rule_that_cannot_be_computed_has_failed(label: list[int]) -> None:
    decision = decide(
        predictions(label, [value == 0 for value in label]), GateSettings(min_recall=0, min_specificity=0)
    )
    assert decision.status == "not_blessed"
    assert any(rule.value is None and "not computable" in rule.message for rule in decision.rules)
