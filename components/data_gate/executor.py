"""Reads the audit and raises where it says stop; says before training what no result can reach."""

import logging
from pathlib import Path
from typing import Any, Final

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.data_audit.audit import Audit
from components.data_gate.reach import out_of_reach
from components.files import AUDIT_FILE
from components.manifest_gen.manifest import read_manifest, read_rejected, without
from components.release_gate.settings import GateSettings
from trainer.errors import RefusedError

#: What the user reads while the run goes on.
LOGGER: Final = logging.getLogger("cxr")


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
        undecodable = read_rejected(Path(artifact_utils.get_single_uri(input_dict["rejected"])))
        rows = without(read_manifest(Path(artifact_utils.get_single_uri(input_dict["manifest"]))), undecodable)
        gate = GateSettings.model_validate_json(exec_properties["gate_settings"])
        for message in out_of_reach(rows, exec_properties["positive"], gate):
            LOGGER.warning("%s", message)
