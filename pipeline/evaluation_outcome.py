"""From the nodes of an evaluation to its result."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from components.files import ASSESSMENT_FILE, AUDIT_FILE, PREDICTIONS_FILE, SHORTCUTS_FILE
from components.manifest_gen.manifest import Manifest, read_manifest, read_rejected, without, write_manifest
from components.manifest_gen.rows import ManifestRow
from components.pusher.training_films import hashed_films
from components.shortcut_audit.report import ShortcutFindings
from pipeline.evaluation_audit import audit_films
from pipeline.evaluation_result import EvaluationResult, KnownFilms
from pipeline.known_films import WAYS, Known, find_known_films
from pipeline.lineage import NodeRun
from pipeline.plan import Plan
from pipeline.result import ComponentRun, RunResult
from pipeline.runtime import LOGGER
from pipeline.settings import RunSettings
from trainer.assess import assess
from trainer.features import TEST
from trainer.film_hashes import TRAINING_FILMS, TrainingFilms
from trainer.predictions import read_predictions
from trainer.servable import ModelInfo

KNOWN_FILMS_FILE: Final = "known_films.csv"
#: Under the root: what a run has in artifacts of DataAudit and ReleaseGate.
MEASURED: Final = "measured"


def failed(run: RunResult, version: Path, root: Path) -> EvaluationResult:
    """The result of an evaluation in which a node raised.

    Args:
        run: What the nodes that ended well have left.
        version: Folder of the model's version.
        root: Where the manifest is.
    """
    nothing = run.rejected and not run.films
    return EvaluationResult(
        status="failed",
        reasons=(_no_film(run.rejected, root),) if nothing else run.reasons,
        model_dir=str(version),
        version=version.name,
        films={label: sum(counts.values()) for label, counts in run.films.items()},
        rejected=run.rejected,
        components=run.components,
    )


def evaluated(
    nodes: Mapping[str, NodeRun],
    settings: RunSettings,
    plan: Plan,
    version: Path,
    root: Path,
    trained: Sequence[ManifestRow] | None,
) -> EvaluationResult:
    """The result of an evaluation in which every node ended well.

    Args:
        nodes: The nodes.
        settings: Of the evaluation.
        plan: What the pipeline was told.
        version: Folder of the model's version.
        root: Gets copies of the manifest, the list of known films, what was measured, and the report.
        trained: The manifest of the run that trained the model; None where it is not at hand.
    """
    info = ModelInfo.read(version)
    manifest = _manifest(nodes)
    (root / "manifest").mkdir(exist_ok=True)
    write_manifest(manifest, root / "manifest")
    result = EvaluationResult(
        status="failed",
        model_dir=str(version),
        version=version.name,
        films=dict(Counter(row.label for row in manifest.rows)),
        rejected=dict(Counter(rejection.reason for rejection in manifest.rejected).most_common()),
        own_metrics=info.metrics.get(TEST, {}),
        components={
            name: ComponentRun(state=node.state, seconds=round(node.seconds, 1)) for name, node in nodes.items()
        },
    )
    if not manifest.rows:
        return result.model_copy(update={"reasons": (_no_film(result.rejected, root),)})

    LOGGER.info("looking for films that the model has seen")
    records = Path(_folder(nodes, "XrayExampleGen", "examples"), f"Split-{TEST}")
    known = find_known_films(
        manifest.rows,
        list(hashed_films(records)),
        TrainingFilms.read(version / TRAINING_FILMS),
        key_id=plan.key_id,
        sources_without_patients=plan.sources_without_patients,
        trained=trained,
    )
    summary = _listed(known, manifest.rows, root)

    LOGGER.info("measuring")
    predictions = read_predictions(_folder(nodes, "Score", "predictions") / PREDICTIONS_FILE)
    new = np.array([image_id not in known.ways for image_id in predictions.image_id], bool)
    shortcuts = _folder(nodes, "ShortcutAudit", "shortcuts") / SHORTCUTS_FILE
    assessment = assess(predictions)
    audit = audit_films(
        manifest.rows, manifest.rejected, records, settings.data, settings.audit, plan.sources_without_patients
    )
    (root / MEASURED).mkdir(exist_ok=True)
    for name, measured in ((ASSESSMENT_FILE, assessment), (AUDIT_FILE, audit)):
        (root / MEASURED / name).write_text(measured.model_dump_json(indent=2) + "\n", encoding="utf-8")
    result = result.model_copy(
        update={
            "warnings": tuple(_warnings(summary)),
            "status": "evaluated",
            "known": summary,
            "assessment": assessment,
            "assessment_without_known": assess(predictions.chosen(new)) if new.any() and not new.all() else None,
            "shortcuts": ShortcutFindings.model_validate_json(shortcuts.read_text(encoding="utf-8")),
            "audit": audit.checks,
            "notes": (*(f"of the model: {note}" for note in info.notes), *(c.message for c in audit.warnings)),
        }
    )
    return _reported(result, nodes, settings, plan, root)


def _reported(
    result: EvaluationResult, nodes: Mapping[str, NodeRun], settings: RunSettings, plan: Plan, root: Path
) -> EvaluationResult:
    """The result with its report. A report that cannot be written takes nothing from what was measured."""
    from pipeline.evaluation_report import write_evaluation_report

    LOGGER.info("report")
    try:
        report = write_evaluation_report(result, nodes, settings, plan, root, root / MEASURED)
    except Exception as error:
        LOGGER.exception("the report could not be written (%s)", error)
        return result
    return result.model_copy(update={"report": str(report)})


def _manifest(nodes: Mapping[str, NodeRun]) -> Manifest:
    """Usable films, and all rejections."""
    folder = _folder(nodes, "ManifestGen", "manifest")
    undecodable = read_rejected(_folder(nodes, "XrayExampleGen", "rejected"))
    rows = without(read_manifest(folder), undecodable)
    return Manifest(tuple(rows), (*read_rejected(folder), *undecodable))


def _folder(nodes: Mapping[str, NodeRun], node: str, key: str) -> Path:
    return Path(nodes[node].outputs[key].uri)


def _listed(known: Known, rows: Sequence[ManifestRow], root: Path) -> KnownFilms:
    """The known films, counted, and listed under the root where there are any."""
    summary, listing = known.summary(rows), root / KNOWN_FILMS_FILE
    listing.unlink(missing_ok=True)
    if not summary.known:
        return summary
    known.write(rows, listing)
    return summary.model_copy(update={"listed_in": str(listing)})


def _no_film(rejected: Mapping[str, int], root: Path) -> str:
    reasons = ", ".join(f"{reason} {count}" for reason, count in rejected.items()) or "the sources hold none"
    return f"no film is usable ({reasons}); see {root / 'manifest' / 'rejected.csv'}, mend findings, views or films"


def _warnings(known: KnownFilms) -> list[str]:
    if not known.known:
        return []
    ways = ", ".join(f"{count} {WAYS[way]}" for way, count in known.ways.items())
    figures = (
        "there is no film that is new to it: these figures say nothing of other films"
        if known.known == known.films
        else f"believe the figures of the {known.films - known.known} others"
    )
    return [
        f"{known.known} of {known.films} films ({known.share:.1%}) are not new to the model, which was trained or "
        f"tuned on them or on their patients ({ways}); {figures}; listed in {known.listed_in}"
    ]
