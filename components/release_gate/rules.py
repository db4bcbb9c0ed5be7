"""The rules of the release decision. A rule that cannot be computed has failed."""

from collections.abc import Iterator
from typing import Final, Literal

import numpy as np

from components.release_gate.bounds import judge_lower_bound, judge_slice
from components.release_gate.decision import Decision, Rule
from components.release_gate.evidence import Evidence
from components.release_gate.served import compare_with_served
from components.release_gate.settings import GateSettings
from trainer.assessment import OVERALL, Assessment
from trainer.predictions import Predictions
from trainer.slices import slices

#: Scores of one film by two paths through the served graph may differ by so much: float32 in another order.
SAME_SCORE: Final = 1e-5


def decide(evidence: Evidence, gate: GateSettings) -> Decision:
    """Judges a candidate.

    Args:
        evidence: What was measured.
        gate: The bounds.
    """
    comparisons, worse = compare_with_served(evidence.predictions, evidence.served, gate.worse_than_served)
    rules = (
        *_rates(evidence.predictions, gate),
        _views(evidence),
        *_slices(evidence.predictions, gate),
        *worse,
        _data_audit(evidence),
        _shortcut_audit(evidence, gate),
        _calibration(evidence, gate),
        _parity(evidence),
        _determinism(evidence),
    )
    status: Literal["blessed", "not_blessed"] = "blessed" if all(rule.passed for rule in rules) else "not_blessed"
    return Decision(
        status=status,
        rules=rules,
        metrics=evidence.assessment.overall.metrics,
        warnings=tuple(check.message for check in evidence.audit.warnings),
        compared_with=evidence.served.version if evidence.served and comparisons else "",
        comparisons=comparisons,
        not_computable=tuple(_not_computable(evidence.assessment)),
    )


def _not_computable(assessment: Assessment) -> Iterator[str]:
    of_slices = [(one.name, one.not_computable) for one in assessment.slices]
    of_classes = [(f"class {name}", row.not_computable) for name, row in assessment.report.items()]
    for name, reasons in of_slices + of_classes:
        yield from (f"{name}: {metric} is not computable: {why}" for metric, why in reasons.items())


def _sides(predictions: Predictions) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Name of a rate -> which films of its side are right, and their patients."""
    positives, patients = predictions.is_positive, np.asarray(predictions.patient_id)
    return {
        "recall": (predictions.decided[positives], patients[positives]),
        "specificity": (~predictions.decided[~positives], patients[~positives]),
    }


def _rates(predictions: Predictions, gate: GateSettings) -> Iterator[Rule]:
    for name, side in _sides(predictions).items():
        yield judge_lower_bound(name, getattr(gate, f"min_{name}"), *side)


def _slices(predictions: Predictions, gate: GateSettings) -> Iterator[Rule]:
    """A rule for every slice and side with enough films; the others are listed in the assessment."""
    for by, value, films in slices(predictions):
        if by != OVERALL:
            for name, side in _sides(predictions.chosen(films)).items():
                if side[0].size >= gate.min_slice:
                    yield judge_slice(name, f"{by} {value}", getattr(gate, f"min_{name}"), *side)


def _views(evidence: Evidence) -> Rule:
    missing = [view for view in evidence.views if view not in evidence.predictions.view]
    return Rule(
        name="views",
        value=len(missing),
        bound=0,
        passed=not missing,
        message=f"the test split has no film of view {', '.join(missing)}, which data.views lets pass: of such films "
        "nothing is known; add some, or take the view out"
        if missing
        else f"the test split has films of every view in data.views ({', '.join(evidence.views)})",
    )


def _data_audit(evidence: Evidence) -> Rule:
    stops, warnings = evidence.audit.stops, evidence.audit.warnings
    waived = [check.name for check in warnings if check.verdict == "waived"]
    return Rule(
        name="data_audit",
        value=len(stops),
        bound=0,
        passed=not stops,
        message=f"the data audit says stop: {', '.join(check.name for check in stops)}"
        if stops
        else f"the data audit stops nothing ({len(warnings) - len(waived)} warnings"
        + (f"; waived: {', '.join(waived)})" if waived else ")"),
    )


def _shortcut_audit(evidence: Evidence, gate: GateSettings) -> Rule:
    judged = [variant for variant in evidence.shortcuts.variants if variant.judged]
    areas = [variant.auc for variant in judged if variant.auc is not None]
    bound = gate.max_masked_auc
    if not evidence.shortcuts.is_computable:
        return Rule(
            name="shortcut_audit",
            value=None,
            bound=bound,
            passed=False,
            message="what the model says of films without lungs is not computable: the test split needs films of both "
            f"sides; gate.max_masked_auc asks for less than {bound:.2f}",
        )
    telling = evidence.shortcuts.telling
    told = "; ".join(
        f"{one.shows}: AUC {one.auc.value:.2f} ({one.auc.low:.2f} to {one.auc.high:.2f})" for one in telling if one.auc
    )
    return Rule(
        name="shortcut_audit",
        value=max(max(area.low, 1 - area.high) for area in areas),
        bound=bound,
        passed=not telling,
        message=f"the model reads the frame: it tells the classes apart where no lung can be seen ({told}); "
        f"gate.max_masked_auc asks for a lower end below {bound:.2f}"
        if telling
        else f"with the lungs hidden in {len(judged)} ways the classes are not told apart "
        f"(gate.max_masked_auc {bound:.2f})",
    )


def _calibration(evidence: Evidence, gate: GateSettings) -> Rule:
    reliability, bound = evidence.assessment.reliability, gate.max_calibration_error
    if reliability is None:
        message = "the calibration error is not computable: the test split needs films of both sides"
        return Rule(name="calibration", value=None, bound=bound, passed=False, message=message)
    error = reliability.error
    passed = error.low <= bound
    return Rule(
        name="calibration",
        value=error.low,
        bound=bound,
        passed=passed,
        message=f"expected calibration error {error.value:.3f} ({error.low:.3f} to {error.high:.3f}): lower end "
        f"{'does not exceed' if passed else 'exceeds'} gate.max_calibration_error {bound:.3f}"
        + ("" if passed else "; threshold.calibration=temperature may mend it"),
    )


def _parity(evidence: Evidence) -> Rule:
    export = evidence.export
    if export.parity is None:
        why = "; ".join(export.faults) or "no film"
        message = f"whether files and records score alike is not computable: {why}"
        return Rule(name="parity", value=None, bound=SAME_SCORE, passed=False, message=message)
    return Rule(
        name="parity",
        value=export.parity,
        bound=SAME_SCORE,
        passed=export.parity <= SAME_SCORE and not export.faults,  # a file that is not served has no parity
        message=f"served from the films' files and from their records, {export.parity_films} films score within "
        f"{export.parity:.1g} of each other (at most {SAME_SCORE:g})"
        + "".join(f"; {fault}" for fault in export.faults),
    )


def _determinism(evidence: Evidence) -> Rule:
    export = evidence.export
    passed = export.repeat is not None and export.repeat <= SAME_SCORE and not export.random_ops
    return Rule(
        name="determinism",
        value=export.repeat,
        bound=SAME_SCORE,
        passed=passed,
        message="the exported graph draws at random: " + ", ".join(export.random_ops)
        if export.random_ops
        else f"asked twice, the exported graph answers within {export.repeat:.1g} (at most {SAME_SCORE:g})"
        if export.repeat is not None
        else "whether the exported graph answers twice alike is not computable: "
        + ("; ".join(export.faults) or "no film"),
    )
