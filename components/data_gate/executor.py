"""Reads the audit and raises where it says stop."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.data_audit.audit import Audit
from components.files import AUDIT_FILE
from trainer.errors import RefusedError


class Executor(base_executor.BaseExecutor):
    """Executor of DataGate."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Passes or refuses.

        Raises:
            RefusedError: At least one check says stop; the message holds every such check.
        """
        folder = Path(artifact_utils.get_single_uri(input_dict["audit"]))
        audit = Audit.model_validate_json((folder / AUDIT_FILE).read_text(encoding="utf-8"))
        if audit.stops:
            raise RefusedError("\n".join(check.reason for check in audit.stops))
