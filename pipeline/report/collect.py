"""From a run's artifacts to everything that its report says. What is missing stays missing; nothing here draws."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from components.data_audit.audit import Audit, Check
from components.files import ASSESSMENT_FILE, AUDIT_FILE, DECISION_FILE, PREDICTIONS_FILE, SHORTCUTS_FILE
from components.manifest_gen.manifest import read_manifest, read_rejected, without
from components.manifest_gen.rows import REASONS, ManifestRow, Rejection
from components.release_gate.decision import Decision
from components.shortcut_audit.report import ShortcutFindings
from pipeline.manifest_counts import counts_of, rejections_of
from pipeline.report.data import Films, Rejected, ReportData, Total, Verdict
from pipeline.report.gallery import films_of
from pipeline.report.origin import origin_of
from pipeline.report.places import Places, Step
from pipeline.report.redaction import Redactor
from pipeline.report.words import verdict_of
from pipeline.result import RunResult
from pipeline.settings import RunSettings
from trainer.assessment import Assessment
from trainer.predictions import Predictions, read_predictions
from trainer.servable import MODEL_JSON, ModelInfo
from trainer.strict import Settings
from trainer.tuner_trials import read_trials

Read = TypeVar("Read", bound=Settings)

_SEVERITY: Final = ("stop", "warn", "waived", "pass")
#: Reasons for which XrayExampleGen rejects what ManifestGen lets pass, beside those that the two share.
_UNDECODABLE: Final[Mapping[str, str]] = {
    "unreadable": "a film that cannot be read",
    "size": "a film that is absurdly large or small",
    "frames": "a file of several frames",
    "decode": "a film that is cut short or damaged",
}


def collect(
    places: Places,
    result: RunResult,
    settings: RunSettings,
    root: Path,
    *,
    show_films: bool,
    steps: Sequence[Step] = (),
    digests: Mapping[str, str] | None = None,
    verdict: Verdict | None = None,
) -> ReportData:
    """Gathers everything that a report says.

    Args:
        places: Where the artifacts are; None for what the run did not make.
        result: How it ended.
        settings: What it was told.
        root: Its folder, from which the texts name what lies under it.
        show_films: Whether pictures of films, and their image ids, may be in the report.
        steps: The nodes and their artifacts as ML Metadata has them; without them those of the result.
        digests: Name -> digest of what the result depends on, beside those in ``model.json``.
        verdict: What stands on top; None = what the result says.
    """
    rows, rejected = _manifest(places)
    sources = with_absolute_root(settings).data.root
    redactor = Redactor(rows, rejected, root, Path(sources) if sources else root / "films", _words(settings))
    audit = _read(places.audit, AUDIT_FILE, Audit)
    decision = _read(places.blessing, DECISION_FILE, Decision)
    shortcuts = _read(places.shortcuts, SHORTCUTS_FILE, ShortcutFindings)
    predictions = _predictions(places)
    model = ModelInfo.read(places.model) if places.model and (places.model / MODEL_JSON).is_file() else None
    return ReportData(
        result=redactor.model(result),
        classes=settings.data.classes,
        verdict=verdict or verdict_of(result),
        positive=settings.data.positive,
        films=films_of(places, predictions, shortcuts, model) if show_films else Films(shown=False),
        counts=tuple(counts_of(rows)),
        totals=_totals(rows, settings.data.classes),
        rejected=_rejected(rejected),
        checks=_worst_first(redactor.model(audit).checks) if audit else (),
        trials=read_trials(places.trials) if places.trials else (),
        model=model,
        decision=redactor.model(decision) if decision else None,
        assessment=_read(places.blessing, ASSESSMENT_FILE, Assessment),
        predictions=predictions,
        shortcuts=shortcuts and shortcuts.model_copy(update={"notes": tuple(map(redactor.text, shortcuts.notes))}),
        steps=tuple(steps) or tuple(Step(name, run.state, run.seconds) for name, run in result.components.items()),
        origin=origin_of(settings, model, digests or {}, redactor),
    )


def with_absolute_root(settings: RunSettings) -> RunSettings:
    """The settings with ``data.root`` as messages name it, if they name one."""
    data = settings.data
    if data.root is None:
        return settings
    absolute = str(Path(data.root).expanduser().resolve())
    return settings.model_copy(update={"data": data.model_copy(update={"root": absolute})})


def _manifest(places: Places) -> tuple[list[ManifestRow], list[Rejection]]:
    """Usable films, and all rejections, those behind ManifestGen too."""
    if places.manifest is None:
        return [], []
    lost = read_rejected(places.rejected) if places.rejected else []
    return without(read_manifest(places.manifest), lost), [*read_rejected(places.manifest), *lost]


def _predictions(places: Places) -> Predictions | None:
    file = places.predictions / PREDICTIONS_FILE if places.predictions else None
    return read_predictions(file) if file and file.is_file() else None


def _read(folder: Path | None, name: str, kind: type[Read]) -> Read | None:
    file = folder / name if folder else None
    return kind.model_validate_json(file.read_text(encoding="utf-8")) if file and file.is_file() else None


def _worst_first(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(sorted(checks, key=lambda check: _SEVERITY.index(check.verdict)))


def _totals(rows: Sequence[ManifestRow], classes: Sequence[str]) -> dict[str, Total]:
    films = Counter(row.label for row in rows)
    patients: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        patients[row.label].add(row.patient_id)
    return {name: Total(films[name], len(patients[name])) for name in classes} if rows else {}


def _rejected(rejected: Sequence[Rejection]) -> tuple[Rejected, ...]:
    words = {**_UNDECODABLE, **REASONS}
    return tuple(
        Rejected(source, reason, words.get(reason, reason.replace("_", " ")), rows)
        for source, reason, rows in rejections_of(rejected)
    )


def _words(settings: RunSettings) -> set[str]:
    """What a text may say though a film be called so."""
    data = settings.data
    return {*data.classes, *data.views, *(source.name for source in data.sources), *sum(data.findings.values(), ())}
