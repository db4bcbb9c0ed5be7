"""ReleaseGate's executor: predictions and audits in, a blessing as TFX knows it out."""

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.types.standard_artifacts import ModelBlessing

from components.files import ASSESSMENT_FILE, DECISION_FILE
from components.release_gate.decision import Decision
from components.release_gate.executor import Executor
from trainer.assessment import Assessment


def run(run_executor: Any, predictions: Any, shortcuts: Any, audit: Any, **gate: float) -> Any:
    made = run_executor(
        Executor,
        {"predictions": predictions, "shortcuts": shortcuts, "audit": audit},
        {"blessing": ModelBlessing},
        {"gate_settings": json.dumps(gate), "views": '["PA", "AP"]', "served": ""},
    )
    return made["blessing"][0]


@pytest.mark.parametrize("bound, status", [(0.0, "blessed"), (0.999, "not_blessed")])
def test_the_blessing_follows_the_bounds(
    run_executor: Any, predictions: Any, shortcuts: Any, audit: Any, bound: float, status: str
) -> None:
    others = {"max_masked_auc": 1, "max_calibration_error": 1, "min_slice": 1000}
    blessing = run(run_executor, predictions, shortcuts, audit, min_recall=bound, min_specificity=bound, **others)
    decision = Decision.model_validate_json(Path(blessing.uri, DECISION_FILE).read_text(encoding="utf-8"))
    assert decision.status == status, decision.rules
    assert Path(blessing.uri, status.upper()).is_file()
    assert blessing.get_int_custom_property("blessed") == (status == "blessed")
    refused = [rule.name for rule in decision.rules if not rule.passed]
    assert refused == ([] if status == "blessed" else ["min_recall", "min_specificity"])
    assessment = Assessment.model_validate_json(Path(blessing.uri, ASSESSMENT_FILE).read_text(encoding="utf-8"))
    assert decision.metrics == assessment.overall.metrics
