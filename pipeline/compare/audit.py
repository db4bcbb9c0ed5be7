"""What forbids to take the figures of a comparison at their word; nothing is refused."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from components.data_audit import checks
from components.data_audit.audit import Audit, Check
from components.manifest_gen.manifest import Manifest
from components.manifest_gen.rows import ManifestRow
from pipeline.compare.result import NetworkResult
from pipeline.evaluation_audit import audit_films, softened
from pipeline.settings import RunSettings
from trainer.features import UNUSED, fold_names

_NO_LUNGS: Final = "the figures below may say nothing about lungs"


def audit_comparison(
    manifest: Manifest, records: Path, settings: RunSettings, sources_without_patients: Collection[str], folds: int
) -> Audit:
    """DataAudit's checks that need no schema; what would stop a run is a warning here.

    Args:
        manifest: Usable films, and what was left out.
        records: Folder of the records of all splits.
        settings: Of the comparison.
        sources_without_patients: Names of the sources that do not say which films are of one patient.
        folds: Of a cross-validation; 0 = none.
    """
    data, rows = settings.data, [row for row in manifest.rows if row.split != UNUSED]
    found = audit_films(rows, manifest.rejected, records, data, settings.audit, sources_without_patients)
    if folds:
        of_folds = _check_folds(rows, data.classes, fold_names(folds), settings.audit.min_patients)
        return Audit(checks=(*found.checks, *of_folds))
    of_splits = [
        *checks.check_overlap(rows, settings.split.by),
        *checks.check_classes(rows, data.classes, data.positive, settings.audit.min_patients),
    ]
    return Audit(checks=(*found.checks, *map(softened, of_splits)))


def warnings_of(audit: Audit, networks: Sequence[NetworkResult], split_by: str, folds: int) -> tuple[str, ...]:
    """What stands on top, the gravest first: a sentence each.

    Args:
        audit: As of :func:`audit_comparison`.
        networks: That were compared.
        split_by: ``patient`` or ``film``.
        folds: Of a cross-validation; 0 = none.
    """
    told = audit.warnings
    telling = [check for check in told if check.measurement]
    warnings = [_telling(telling)] if telling else []
    if split_by == "film":
        parts = f"of the {folds} folds" if folds else "splits"
        warnings.append(f"split.by is film: films of one patient stand in several {parts}, and all figures flatter")
    said: dict[str, list[str]] = {}
    for network in networks:
        for note in network.trials[0].notes:
            said.setdefault(note, []).append(network.name)
    warnings += [f"{', '.join(names)}: {note}" for note, names in said.items()]
    by_film = {"patient_overlap"} if split_by == "film" else set()
    return (*warnings, *(check.message for check in told if not check.measurement and check.name not in by_film))


def _telling(found: Sequence[Check]) -> str:
    """The attribute that tells most, and how many others do."""
    most = max(found, key=lambda check: check.value or 0)
    others = len(found) - 1
    more = f"; {others} more of what is no lung tells them apart as well" if others else ""
    return f"{_NO_LUNGS}: {most.message}{more}"


def _check_folds(
    rows: Sequence[ManifestRow], classes: Sequence[str], folds: Sequence[str], min_patients: int
) -> list[Check]:
    """Films and patients of every class in every fold, as DataAudit counts them in every split."""
    checks = []
    for name in classes:
        films = {fold: [row for row in rows if row.label == name and row.split == fold] for fold in folds}
        patients = {fold: len({row.patient_id for row in of}) for fold, of in films.items()}
        empty = [fold for fold in folds if not patients[fold]]
        few = [fold for fold in folds if patients[fold] < min_patients]
        told = ", ".join(f"{fold} {len(films[fold])} ({patients[fold]})" for fold in folds) + " films (patients)"
        if len(empty) == len(folds):
            told = "no film at all, so no network can learn it and nothing is measured of it"
        elif empty:
            told += f"; none in {' and '.join(empty)}, where nothing is measured of it; take fewer folds or more films"
        elif few:
            told += f"; fewer than audit.min_patients ({min_patients}) patients in {' and '.join(few)}"
        checks.append(
            Check(
                name=f"films_of_{name}",
                verdict="warn" if few else "pass",
                value=min(patients.values()),
                bound=min_patients,
                message=f"{name}: {told}",
            )
        )
    return checks
