"""Moves predictions in and the findings out; they are made in ``audit.py``."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.files import EXPLANATIONS_FILE, PREDICTIONS_FILE, SHORTCUTS_FILE
from components.score.explanations import Explanations
from components.shortcut_audit.audit import audit
from trainer.predictions import read_variants


class Executor(base_executor.BaseExecutor):
    """Executor of ShortcutAudit."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``shortcuts.json``, ``ShortcutFindings``, and the pictures that it names."""
        scored = Path(artifact_utils.get_single_uri(input_dict["predictions"]))
        folder = Path(artifact_utils.get_single_uri(output_dict["shortcuts"]))
        findings = audit(
            read_variants(scored / PREDICTIONS_FILE),
            Explanations.read(scored / EXPLANATIONS_FILE),
            exec_properties["max_auc"],
            folder,
        )
        (folder / SHORTCUTS_FILE).write_text(findings.model_dump_json(indent=2) + "\n", encoding="utf-8")
