"""The report of an evaluation: that of a run, without what an evaluation does not do."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.evaluation_result import EvaluationResult
from pipeline.lineage import NodeRun
from pipeline.plan import Plan
from pipeline.report.collect import collect
from pipeline.report.data import Verdict
from pipeline.report.places import Places, places_of, steps_of
from pipeline.report.write import write_collected
from pipeline.result import RunResult
from pipeline.settings import RunSettings
from trainer.features import TEST
from trainer.servable import Rate

#: The settings that an evaluation follows; the others are those of a run.
_FOLLOWED: Final = ("data.", "score.", "audit.", "report.", "gate.max_masked_auc")


def write_evaluation_report(
    result: EvaluationResult,
    nodes: Mapping[str, NodeRun],
    settings: RunSettings,
    plan: Plan,
    root: Path,
    measured: Path,
) -> Path:
    """Writes ``report.html`` and ``model_card.md`` under the root.

    Args:
        result: Of the evaluation.
        nodes: Its nodes.
        settings: What it was told.
        plan: What the pipeline was told.
        root: Folder of the evaluation.
        measured: Folder with ``assessment.json`` and ``audit.json``.

    Returns:
        The report's path.
    """
    places: Places = dataclasses.replace(
        places_of(nodes), model=Path(result.model_dir), audit=measured, blessing=measured
    )
    data = collect(
        places,
        as_run(result),
        settings,
        root,
        show_films=settings.report.shows_films(drawn=settings.data.root is None),
        steps=steps_of(nodes),
        digests={"data": plan.data_digest, **{name: plan.code[name] for name in nodes if name in plan.code}},
        verdict=verdict_of(result),
    )
    followed = tuple(one for one in data.origin.settings if one[0].startswith(_FOLLOWED))
    return write_collected(dataclasses.replace(data, origin=dataclasses.replace(data.origin, settings=followed)), root)


def verdict_of(result: EvaluationResult) -> Verdict:
    """What stands on top: nothing is decided, but films that are not new forbid to take the figures at their word."""
    sentence = (
        f"Version {result.version}, a model that was pushed before, was tested on other films. Nothing was trained."
    )
    if result.warnings:
        return Verdict("Evaluated, not on new films alone", sentence, "bad")
    return Verdict("Evaluated", sentence, "plain")


def as_run(result: EvaluationResult) -> RunResult:
    """The result as the report of a run reads one: warnings, and the figures without known films, stand on top."""
    reasons = result.warnings
    if new := result.metrics_without_known:
        reasons += (f"without the films that are not new: {', '.join(_said(*one) for one in new.items())}",)
    known = result.known
    return RunResult(
        status="unchanged",  # of what is served; what stands on top is said by the verdict
        version=int(result.version) if result.version.isdecimal() else None,
        model_dir=result.model_dir,
        metrics=result.metrics,
        components=result.components,
        films={label: {TEST: count} for label, count in result.films.items()},
        rejected=result.rejected,
        audit=result.audit,
        notes=(*result.notes, *(known.not_checkable if known else ())),
        reasons=reasons,
    )


def _said(name: str, rate: Rate) -> str:
    return f"{name.replace('_', ' ')} {rate.value:.3f} ({rate.low:.3f} to {rate.high:.3f}, {rate.n} films)"
