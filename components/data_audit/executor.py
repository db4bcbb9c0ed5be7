"""Moves manifest, records, rejects and anomalies in and ``audit.json`` out; the checks are in modules of their own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.data_audit import checks
from components.data_audit.audit import Audit, Check
from components.data_audit.cohort import choose_films
from components.data_audit.records import read_images
from components.data_audit.settings import AuditSettings
from components.data_audit.shortcuts import check_shortcuts
from components.data_audit.waivers import apply_waivers
from components.files import AUDIT_FILE
from components.manifest_gen.manifest import read_manifest, read_rejected, without
from components.manifest_gen.rows import ManifestRow
from trainer.features import SPLITS


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
        settings = AuditSettings.model_validate_json(exec_properties["audit_settings"])
        found = [
            checks.check_rejected(rejected, len(usable), exec_properties["max_rejected"]),
            *checks.check_overlap(usable, exec_properties["split_by"]),
            checks.check_patients_known(json.loads(exec_properties["sources_without_patients"])),
            *checks.check_classes(usable, classes, settings.min_patients),
            *checks.check_anomalies(_read_anomalies(input_dict["anomalies"])),
            *_check_shortcuts(usable, input_dict["examples"], exec_properties["positive"], settings),
        ]
        audit = Audit(checks=tuple(apply_waivers(found, settings.waivers)))
        folder = Path(artifact_utils.get_single_uri(output_dict["audit"]))
        (folder / AUDIT_FILE).write_text(audit.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _check_shortcuts(
    usable: Sequence[ManifestRow], examples: list[types.Artifact], positive: str, settings: AuditSettings
) -> list[Check]:
    films = [row for row in usable if row.split in SPLITS]
    rows = choose_films(films, positive, settings.max_films, settings.seed)
    folders = [Path(artifact_utils.get_split_uri(examples, split)) for split in SPLITS]
    images = read_images((file for folder in folders for file in sorted(folder.iterdir())), [r.image_id for r in rows])
    return check_shortcuts(rows, images, positive, settings, len(films))


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
