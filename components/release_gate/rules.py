"""The rules of the release decision, computed from predictions alone."""

from typing import Literal

import numpy as np

from components.release_gate.decision import Decision, Rule
from components.release_gate.settings import GateSettings
from trainer.predictions import Predictions
from trainer.metrics import area_under_curve, rate
from trainer.servable import Rate
from trainer.statistics import clopper_pearson, complete_likeness, per_patient


def decide(predictions: Predictions, gate: GateSettings, warnings: tuple[str, ...] = ()) -> Decision:
    """Judges a model by its predictions on the test split.

    Args:
        predictions: One row per test film, in any order.
        gate: The bounds.
        warnings: What travels with the model, for instance the data audit's warnings.
    """
    positives, patients = predictions.is_positive, np.asarray(predictions.patient_id)
    found = predictions.decided[positives], patients[positives]
    spared = ~predictions.decided[~positives], patients[~positives]
    rules = (
        judge_lower_bound("recall", gate.min_recall, *found),
        judge_lower_bound("specificity", gate.min_specificity, *spared),
    )
    metrics: dict[str, Rate] = {}
    if positives.any():
        metrics["recall"] = rate(*found)
    if not positives.all():
        metrics["specificity"] = rate(*spared)
    if len(metrics) == 2:
        metrics["auc"] = area_under_curve(predictions.score, positives, patients, seed=0)
    status: Literal["blessed", "not_blessed"] = "blessed" if all(rule.passed for rule in rules) else "not_blessed"
    return Decision(status=status, rules=rules, metrics=metrics, warnings=warnings)


def judge_lower_bound(name: str, bound: float, successes: np.ndarray, patients: np.ndarray) -> Rule:
    """Compares the lower end of a rate's 95 % Clopper-Pearson interval with a bound.

    Args:
        name: Of the rate; the rule is called ``min_<name>``.
        bound: What the lower end must reach, 0..1.
        successes: bool [n], a film each.
        patients: str [n]; several films of one patient widen the interval.

    Returns:
        The rule; failed where there is no film to compute it from.
    """
    if not successes.size:
        return Rule(
            name=f"min_{name}",
            value=None,
            bound=bound,
            passed=False,
            message=f"{name} is not computable: the test split has no such film; gate.min_{name} asks for {bound:.3f}",
        )
    # Patients are the units. An estimated design effect would fall to 1 with the first miss, and one miss would then
    # raise the bound.
    effect = complete_likeness(per_patient(successes, patients)[1])
    hits, films = int(successes.sum()), successes.size
    low = clopper_pearson(hits / effect, films / effect).low
    passed = low >= bound
    return Rule(
        name=f"min_{name}",
        value=low,
        bound=bound,
        passed=passed,
        message=f"{name} {hits}/{films} films of {np.unique(patients).size} patients: lower bound {low:.3f} "
        f"{'reaches' if passed else 'is below'} gate.min_{name} {bound:.3f}",
    )
