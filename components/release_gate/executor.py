"""Moves predictions in and the decision out; the rules are in ``rules.py``."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.data_audit.audit import Audit
from components.files import AUDIT_FILE, DECISION_FILE, PREDICTIONS_FILE
from components.release_gate.rules import decide
from components.release_gate.settings import GateSettings
from trainer.predictions import Predictions


class Executor(base_executor.BaseExecutor):
    """Executor of ReleaseGate."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``decision.json`` and the file and property by which TFX knows a blessing."""
        predictions = Predictions.read(Path(artifact_utils.get_single_uri(input_dict["predictions"]), PREDICTIONS_FILE))
        audit_file = Path(artifact_utils.get_single_uri(input_dict["audit"]), AUDIT_FILE)
        audit = Audit.model_validate_json(audit_file.read_text(encoding="utf-8"))
        decision = decide(
            predictions,
            GateSettings.model_validate_json(exec_properties["gate_settings"]),
            tuple(check.message for check in audit.warnings),
        )
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        folder = Path(blessing.uri)
        (folder / DECISION_FILE).write_text(decision.model_dump_json(indent=2) + "\n", encoding="utf-8")
        blessed = decision.status == "blessed"
        (folder / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
        blessing.set_int_custom_property("blessed", int(blessed))
