"""Moves the evidence in and the decision out; the rules are in ``rules.py``."""

import json
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.data_audit.audit import Audit
from components.files import (
    ASSESSMENT_FILE,
    AUDIT_FILE,
    DECISION_FILE,
    EXPORT_FILE,
    PREDICTIONS_FILE,
    SERVED_FAULT_FILE,
    SERVED_FILE,
    SHORTCUTS_FILE,
)
from components.release_gate.evidence import Evidence, Served
from components.release_gate.rules import decide
from components.release_gate.settings import GateSettings
from components.score.export_check import ExportCheck
from components.score.served_model import ServedModel
from components.shortcut_audit.report import ShortcutFindings
from trainer.assess import assess
from trainer.film_hashes import TRAINING_FILMS, TrainingFilms
from trainer.predictions import read_predictions


class Executor(base_executor.BaseExecutor):
    """Executor of ReleaseGate."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``decision.json``, ``assessment.json``, and the file and property by which TFX knows a blessing."""
        scored = Path(artifact_utils.get_single_uri(input_dict["predictions"]))
        predictions = read_predictions(scored / PREDICTIONS_FILE)
        assessment = assess(predictions)
        evidence = Evidence(
            predictions=predictions,
            assessment=assessment,
            views=tuple(json.loads(exec_properties["views"])),
            audit=Audit.model_validate_json(_text(input_dict["audit"], AUDIT_FILE)),
            shortcuts=ShortcutFindings.model_validate_json(_text(input_dict["shortcuts"], SHORTCUTS_FILE)),
            export=ExportCheck.model_validate_json(_text(input_dict["predictions"], EXPORT_FILE)),
            served=_served(exec_properties["served"], scored),
        )
        decision = decide(evidence, GateSettings.model_validate_json(exec_properties["gate_settings"]))
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        folder = Path(blessing.uri)
        (folder / ASSESSMENT_FILE).write_text(assessment.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (folder / DECISION_FILE).write_text(decision.model_dump_json(indent=2) + "\n", encoding="utf-8")
        blessed = decision.status == "blessed"
        (folder / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
        blessing.set_int_custom_property("blessed", int(blessed))


def _text(artifacts: list[types.Artifact], name: str) -> str:
    return Path(artifact_utils.get_single_uri(artifacts), name).read_text(encoding="utf-8")


def _served(told: str, scored: Path) -> Served | None:
    if not told:
        return None
    model = ServedModel.model_validate_json(told)
    file, fault = scored / SERVED_FILE, scored / SERVED_FAULT_FILE
    learned_from = TrainingFilms.read(Path(model.folder, TRAINING_FILMS))
    return Served(
        version=model.version,
        predictions=read_predictions(file) if file.is_file() else None,
        fault=fault.read_text(encoding="utf-8").strip() if fault.is_file() else "",
        known=frozenset(learned_from.image_ids if learned_from else ()),
    )
