"""The release decision."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from components.data_audit.audit import Audit, Check
from components.release_gate.decision import Decision, Rule
from components.release_gate.evidence import Evidence, Served
from components.release_gate.rules import decide
from components.release_gate.settings import GateSettings
from components.score.export_check import ExportCheck
from components.shortcut_audit.report import ShortcutFindings, VariantResult
from trainer.assess import assess
from trainer.predictions import Predictions
from trainer.servable import Rate

LOW = GateSettings(min_recall=0.6, min_specificity=0.5)
CHANCE = Rate(value=0.5, low=0.4, high=0.6, n=80, patients=80)


def predictions(label: list[int], decided: list[bool], **changes: Any) -> Predictions:
    films = len(label)
    probabilities = np.array([[0.95, 0.05] if found else [0.05, 0.95] for found in decided], np.float32)
    made = Predictions(
        classes=("covid", "healthy"),
        positive=0,
        threshold=0.5,
        image_id=[str(n) for n in range(films)],
        patient_id=[str(n) for n in range(films)],
        label=np.array(label, np.int64),
        view=["PA"] * films,
        source=["one"] * films,
        sex=["F"] * films,
        age=np.full(films, 50.0),
        probabilities=probabilities.reshape(films, 2),
        decided=np.array(decided, bool),
    )
    return replace(made, **changes)


GOOD = predictions([0] * 40 + [1] * 40, [True] * 40 + [False] * 40)


def variant(auc: Rate | None = CHANCE, *, tells: bool = False) -> VariantResult:
    return VariantResult(
        name="hidden_80",
        shows="centre 80 % of each side black",
        judged=True,
        auc=auc,
        recall=None,
        specificity=None,
        changed=None,
        tells=tells,
    )


def evidence(of: Predictions = GOOD, **changes: Any) -> Evidence:
    made = Evidence(
        predictions=of,
        assessment=assess(of),
        views=("PA",),
        audit=Audit(checks=()),
        shortcuts=ShortcutFindings(bound=0.7, variants=(variant(),)),
        export=ExportCheck(parity=0.0, parity_films=4, repeat=0.0),
    )
    return replace(made, **changes)


def rule(decision: Decision, name: str) -> Rule:
    (found,) = (rule for rule in decision.rules if rule.name == name)
    return found


def refused_by(decision: Decision) -> list[str]:
    assert (decision.status == "blessed") == all(rule.passed for rule in decision.rules)
    return [rule.name for rule in decision.rules if not rule.passed]


def test_a_good_model_is_blessed_with_its_metrics() -> None:
    decision = decide(evidence(), GateSettings())
    assert decision.status == "blessed"
    assert {"recall", "specificity", "precision", "f1", "auc", "pr_auc"} <= set(decision.metrics)
    assert decision.metrics["recall"].n == decision.metrics["recall"].patients == 40
    assert {"min_recall", "views", "data_audit", "shortcut_audit", "calibration", "parity", "determinism"} <= {
        rule.name for rule in decision.rules
    }


def test_the_bound_is_compared_with_the_lower_end_and_not_with_the_point() -> None:
    of = predictions([0] * 24 + [1] * 24, [True] * 21 + [False] * 27)
    decision = decide(evidence(of), GateSettings(min_recall=0.7, min_specificity=0.5))
    assert decision.metrics["recall"].value == 21 / 24
    found = rule(decision, "min_recall")
    assert found.value == pytest.approx(0.6764, abs=1e-4)  # Clopper-Pearson of 21 of 24
    assert not found.passed
    assert found.message == "recall 21/24 films of 24 patients: lower bound 0.676 is below gate.min_recall 0.700"


def test_a_model_that_calls_everything_positive_is_not_blessed() -> None:
    assert "min_specificity" in refused_by(decide(evidence(predictions([0] * 40 + [1] * 40, [True] * 80)), LOW))


@pytest.mark.parametrize("label", [[], [0, 0], [1, 1]], ids=["no film", "positives only", "negatives only"])
def test_a_rule_that_cannot_be_computed_has_failed(label: list[int]) -> None:
    of = predictions(label, [value == 0 for value in label])
    shortcuts = ShortcutFindings(bound=0.7, variants=(variant(None),))
    decision = decide(evidence(of, shortcuts=shortcuts), GateSettings(min_recall=0, min_specificity=0))
    assert decision.status == "not_blessed"
    for name in ("shortcut_audit", "calibration"):
        assert rule(decision, name).value is None
        assert "not computable" in rule(decision, name).message
    assert {"min_recall", "min_specificity"} & set(refused_by(decision))


def test_a_view_without_a_film_in_the_test_split_is_no_blessing() -> None:
    decision = decide(evidence(views=("PA", "AP")), LOW)
    assert refused_by(decision) == ["views"]
    assert "no film of view AP" in rule(decision, "views").message


def test_a_slice_that_is_surely_bad_refuses_and_a_small_one_is_only_listed() -> None:
    missed = [True] * 30 + [False] * 10 + [False] * 40
    of = predictions([0] * 40 + [1] * 40, missed, view=["PA"] * 30 + ["AP"] * 10 + ["PA"] * 40)
    gate = GateSettings(min_recall=0.55, min_specificity=0.5)
    decision = decide(evidence(of, views=("PA", "AP")), gate)
    assert refused_by(decision) == ["min_recall (view AP)", "min_recall (view x source AP x one)"]
    assert any("view AP: specificity is not computable" in line for line in decision.not_computable)
    assert refused_by(decide(evidence(of), gate.model_copy(update={"min_slice": 11}))) == []


def test_a_class_without_films_is_listed_with_its_reason_and_refuses_nothing() -> None:
    third = np.column_stack([GOOD.probabilities, np.zeros(80, np.float32)])
    decision = decide(evidence(replace(GOOD, classes=("covid", "sars", "mers"), probabilities=third)), LOW)
    assert decision.status == "blessed"
    for metric in ("precision", "recall", "f1", "auc"):
        assert f"class mers: {metric} is not computable: no film is mers" in decision.not_computable


def test_a_model_that_reads_the_frame_is_refused_with_what_it_was_shown() -> None:
    telling = variant(Rate(value=0.9, low=0.82, high=0.95, n=80, patients=80), tells=True)
    decision = decide(evidence(shortcuts=ShortcutFindings(bound=0.7, variants=(variant(), telling))), LOW)
    assert refused_by(decision) == ["shortcut_audit"]
    assert rule(decision, "shortcut_audit").value == pytest.approx(0.82)
    assert "centre 80 % of each side black: AUC 0.90 (0.82 to 0.95)" in rule(decision, "shortcut_audit").message


def test_what_stops_the_data_stops_the_model_and_a_waiver_is_named() -> None:
    def audit(verdict: Any) -> Audit:
        return Audit(checks=(Check(name="rim", verdict=verdict, value=1, message="the rim tells"),))

    assert refused_by(decide(evidence(audit=audit("stop")), LOW)) == ["data_audit"]
    waived = decide(evidence(audit=audit("waived")), LOW)
    assert waived.status == "blessed"
    assert "waived: rim" in rule(waived, "data_audit").message
    assert waived.warnings == ("the rim tells",)


def test_scores_that_mean_nothing_are_refused() -> None:
    flat = np.tile(np.float32([[0.02, 0.98]]), (80, 1))
    of = replace(GOOD, probabilities=flat, threshold=0.01, decided=np.ones(80, bool))
    decision = decide(evidence(of), GateSettings(min_recall=0, min_specificity=0))
    assert refused_by(decision) == ["calibration"]
    assert "threshold.calibration=temperature" in rule(decision, "calibration").message


@pytest.mark.parametrize(
    "export, name",
    [
        (ExportCheck(parity=0.01, parity_films=4, repeat=0.0), "parity"),
        (ExportCheck(parity=None, parity_films=0, repeat=0.0, faults=("no file could be read",)), "parity"),
        (ExportCheck(parity=0.0, parity_films=4, repeat=0.0, faults=("one film was not served",)), "parity"),
        (ExportCheck(parity=0.0, parity_films=4, repeat=0.01), "determinism"),
        (ExportCheck(parity=0.0, parity_films=4, repeat=None), "determinism"),
        (ExportCheck(parity=0.0, parity_films=4, repeat=0.0, random_ops=("RandomUniform",)), "determinism"),
    ],
)
def test_an_export_that_answers_otherwise_than_it_was_measured_is_refused(export: ExportCheck, name: str) -> None:
    assert refused_by(decide(evidence(export=export), LOW)) == [name]


def test_without_a_served_model_there_is_nothing_to_be_worse_than() -> None:
    decision = decide(evidence(), LOW)
    assert not [rule for rule in decision.rules if rule.name.startswith("not_worse")]
    assert (decision.compared_with, decision.comparisons) == ("", ())


def test_a_candidate_that_is_surely_worse_than_what_is_served_is_refused() -> None:
    misses = predictions([0] * 40 + [1] * 40, [False] * 6 + [True] * 34 + [False] * 40)
    decision = decide(evidence(misses, served=Served("7", GOOD)), LOW)
    assert refused_by(decision) == ["not_worse (recall)"]
    assert decision.compared_with == "7"
    assert rule(decision, "not_worse (recall)").value == pytest.approx(0.5**6)  # six films, all of them worse
    few = predictions([0] * 40 + [1] * 40, [False] * 4 + [True] * 36 + [False] * 40)
    assert decide(evidence(few, served=Served("7", GOOD)), LOW).status == "blessed", "a difference of four is none"


def test_on_films_that_it_has_learned_from_the_served_model_is_not_believed() -> None:
    misses = predictions([0] * 40 + [1] * 40, [False] * 6 + [True] * 34 + [False] * 40)
    known = frozenset(str(n) for n in range(6))
    decision = decide(evidence(misses, served=Served("7", GOOD, known=known)), LOW)
    assert decision.status == "blessed"
    assert "6 films that it has learned from are left out" in rule(decision, "not_worse (recall)").message
    everything = frozenset(GOOD.image_id)
    assert refused_by(decide(evidence(served=Served("7", GOOD, known=everything)), LOW)) == [
        "not_worse (recall)",
        "not_worse (specificity)",
    ]


def test_a_served_model_that_could_not_be_asked_is_replaced_only_on_request() -> None:
    unknown = Served("7", None, "it has other classes")
    decision = decide(evidence(served=unknown), LOW)
    assert refused_by(decision) == ["not_worse"]
    assert "(it has other classes)" in rule(decision, "not_worse").message
    unseen = LOW.model_copy(update={"worse_than_served": 0})
    assert decide(evidence(served=unknown), unseen).status == "blessed"
