"""What is conspicuous about films that a model is evaluated on; no model is asked, and nothing is refused."""

from collections.abc import Collection, Sequence
from pathlib import Path

from components.data_audit import checks
from components.data_audit.audit import Audit, Check
from components.data_audit.cohort import choose_films
from components.data_audit.copies import check_copies
from components.data_audit.records import read_images
from components.data_audit.settings import AuditSettings
from components.data_audit.shortcuts import check_shortcuts
from components.manifest_gen.rows import ManifestRow, Rejection
from components.manifest_gen.settings import DataSettings


def audit_films(
    rows: Sequence[ManifestRow],
    rejected: Sequence[Rejection],
    records: Path,
    data: DataSettings,
    settings: AuditSettings,
    sources_without_patients: Collection[str],
) -> Audit:
    """Those of DataAudit's checks that ask nothing of the splits; what would stop a run is a warning here.

    Args:
        rows: Usable films, each with a record.
        rejected: Everything that was left out.
        records: Folder of the record files, in it or in folders of splits below.
        data: Classes, and the share of rows that may be rejected.
        settings: Bounds and policy.
        sources_without_patients: Names of the sources that do not say which films are of one patient.
    """
    chosen = choose_films(rows, data.positive, settings.max_films, settings.seed)
    images = read_images(
        sorted(file for file in records.rglob("*") if file.is_file()), [row.image_id for row in chosen]
    )
    found = [
        checks.check_rejected(rejected, len(rows), data.max_rejected),
        *check_copies(rows, data.duplicates),
        checks.check_patients_known(sorted(sources_without_patients), "so intervals may be too narrow"),
        *check_shortcuts(chosen, images, data.positive, settings, len(rows)),
    ]
    return Audit(checks=tuple(map(softened, found)))


def softened(check: Check) -> Check:
    """The check, with a warning in the place of a stop."""
    return check.model_copy(update={"verdict": "warn"}) if check.verdict == "stop" else check
