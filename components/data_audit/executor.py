"""Moves manifest, records, statistics and rejects in and ``audit.json`` out; the checks are in modules of their own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies
from tfx import types
from tfx.components.example_validator.executor import DEFAULT_FILE_NAME as ANOMALIES_FILE
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.data_audit import checks
from components.data_audit.anomalies import explain_anomalies
from components.data_audit.audit import Audit, Check
from components.data_audit.baseline import Baseline, statistics_file
from components.data_audit.cohort import choose_films
from components.data_audit.copies import check_copies
from components.data_audit.drift import check_drift, check_skew, read_statistics
from components.data_audit.records import read_images
from components.data_audit.settings import AuditSettings
from components.data_audit.shortcuts import check_shortcuts
from components.data_audit.waivers import apply_waivers
from components.files import AUDIT_FILE
from components.manifest_gen.manifest import read_manifest, read_rejected, without
from components.manifest_gen.rows import ManifestRow
from trainer.features import SPLITS, TRAIN


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
            *check_copies(usable, exec_properties["duplicates"]),
            checks.check_patients_known(json.loads(exec_properties["sources_without_patients"])),
            *checks.check_classes(usable, classes, exec_properties["positive"], settings.min_patients),
            *_check_statistics(usable, input_dict, classes, exec_properties["baseline"]),
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


def _check_statistics(
    usable: Sequence[ManifestRow], input_dict: dict[str, list[types.Artifact]], classes: Sequence[str], baseline: str
) -> list[Check]:
    """What the statistics of the records say against the schema, the last accepted data, and one another."""
    schema_file = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
    schema = io_utils.SchemaReader().read(schema_file)
    folder = Path(artifact_utils.get_single_uri(input_dict["statistics"]))
    statistics = {split: read_statistics(statistics_file(folder, split)) for split in SPLITS}
    anomalies = {
        split: Anomalies.FromString(
            Path(artifact_utils.get_split_uri(input_dict["anomalies"], split), ANOMALIES_FILE).read_bytes()
        )
        for split in SPLITS
    }
    accepted = Baseline.model_validate_json(baseline) if baseline else None
    return [
        *explain_anomalies(anomalies, schema, usable, classes),
        *check_drift(statistics[TRAIN], accepted, schema, classes),
        *check_skew(statistics, schema, classes),
    ]
