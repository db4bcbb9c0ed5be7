"""ReleaseGate's executor: predictions in, a blessing as TFX knows it out."""

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.types.standard_artifacts import ModelBlessing

from components.files import DECISION_FILE
from components.release_gate.decision import Decision
from components.release_gate.executor import Executor


@pytest.mark.parametrize("bound, status", [(0.0, "blessed"), (0.999, "not_blessed")])
def test_the_blessing_follows_the_bounds(
    run_executor: Any, predictions: Any, audit: Any, bound: float, status: str
) -> None:
    gate = json.dumps({"min_recall": bound, "min_specificity": bound})
    made = run_executor(
        Executor, {"predictions": predictions, "audit": audit}, {"blessing": ModelBlessing}, {"gate_settings": gate}
    )
    blessing = made["blessing"][0]
    decision = Decision.model_validate_json(Path(blessing.uri, DECISION_FILE).read_text(encoding="utf-8"))
    assert decision.status == status
    assert {rule.name for rule in decision.rules} == {"min_recall", "min_specificity"}
    assert Path(blessing.uri, status.upper()).is_file()
    assert blessing.get_int_custom_property("blessed") == (status == "blessed")
