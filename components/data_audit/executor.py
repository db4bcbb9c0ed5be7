"""Moves manifest, rejects and anomalies in and ``audit.json`` out; the checks are in ``checks.py``."""

import json
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.data_audit import checks
from components.files import AUDIT_FILE
from components.manifest_gen.manifest import read_manifest, read_rejected, without


class Executor(base_executor.BaseExecutor):
    """Executor of DataAudit."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``audit.json``, an ``Audit``."""
        manifest_folder = Path(artifact_utils.get_single_uri(input_dict["manifest"]))
        undecodable = read_rejected(Path(artifact_utils.get_single_uri(input_dict["rejected"])))
        usable = without(read_manifest(manifest_folder), undecodable)
        rejected = [*read_rejected(manifest_folder), *undecodable]
        classes = json.loads(exec_properties["classes"])
        audit = checks.Audit(
            checks=(
                checks.check_rejected(rejected, len(usable), exec_properties["max_rejected"]),
                *checks.check_overlap(usable, exec_properties["split_by"]),
                checks.check_patients_known(json.loads(exec_properties["sources_without_patients"])),
                *checks.check_classes(usable, classes),
                *checks.check_anomalies(_read_anomalies(input_dict["anomalies"])),
            )
        )
        folder = Path(artifact_utils.get_single_uri(output_dict["audit"]))
        (folder / AUDIT_FILE).write_text(audit.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _read_anomalies(artifacts: list[types.Artifact]) -> dict[str, list[tuple[str, str, bool]]]:
    found: dict[str, list[tuple[str, str, bool]]] = {}
    artifact = artifact_utils.get_single_instance(artifacts)
    for split in artifact_utils.decode_split_names(artifact.split_names):
        file = Path(artifact_utils.get_split_uri(artifacts, split), "SchemaDiff.pb")
        anomalies = anomalies_pb2.Anomalies.FromString(file.read_bytes())
        entries = [
            # A WARNING is in anomaly_info too, and flips ExampleValidator's own "blessed": look at the severity.
            (feature, info.description, info.severity == anomalies_pb2.AnomalyInfo.ERROR)
            for feature, info in sorted(anomalies.anomaly_info.items())
        ]
        if anomalies.HasField("dataset_anomaly_info"):
            info = anomalies.dataset_anomaly_info
            entries.append(("(all)", info.description, info.severity == anomalies_pb2.AnomalyInfo.ERROR))
        found[split] = entries
    return found
