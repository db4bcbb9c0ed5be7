"""The screen of an evaluation: what forbids to believe the figures, then the figures, then where things are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cxr.class_table import class_table
from pipeline.evaluation_result import EvaluationResult
from trainer.servable import Rate

#: What the screen shows of the metrics; the report has all.
_METRICS: Final = ("recall", "specificity", "precision", "auc")
_NONE: Final = "–"


def lines_of(result: EvaluationResult, root: Path) -> Iterator[RenderableType]:
    """The tables and lines to print."""
    yield from (Text(f"Warning: {warning}", style="bold red") for warning in result.warnings)
    if result.films:
        films = ", ".join(f"{label} {count}" for label, count in result.films.items())
        rejected = ", ".join(f"{reason} {count}" for reason, count in result.rejected.items()) or "none"
        yield Text(f"  films: {films}; rejected rows: {rejected}")
    if result.assessment:
        yield _metrics("all films", result.metrics, result.own_metrics)
        if result.metrics_without_known:
            yield _metrics("without known films", result.metrics_without_known, result.own_metrics)
        if len(result.assessment.classes) > 2:  # of two, each class's figures are the other's
            yield class_table(result.assessment.report, result.assessment.averages)
        yield from _not_computable(result)
        yield from _known(result)
        yield from _shortcuts(result)
    yield from (Text(f"Note: {note}", style="yellow") for note in result.notes)
    yield Text()
    if result.status == "evaluated":
        yield Text(f"Evaluated version {result.version} of {Path(result.model_dir).parent}", style="bold green")
    else:
        yield Text("Failed: nothing was measured", style="bold red")
    yield from (Text(f"  {reason}") for reason in result.reasons)
    if result.report:
        yield Text(f"  report    {result.report}", overflow="fold")
    yield Text(f"  manifest  {root / 'manifest'}", overflow="fold")
    yield Text(f"  logs      {root / 'logs'}", overflow="fold")


def _metrics(films: str, metrics: Mapping[str, Rate], own: Mapping[str, Rate]) -> Table:
    table = Table(films, "value", "95 % interval", "films", "patients", "own test split", box=SIMPLE)
    for name in _METRICS:
        found = metrics.get(name)
        cells = (
            (f"{found.value:.3f}", f"{found.low:.3f} to {found.high:.3f}", str(found.n), str(found.patients))
            if found
            else (_NONE, _NONE, _NONE, _NONE)
        )
        table.add_row(name, *cells, f"{own[name].value:.3f}" if name in own else _NONE)
    return table


def _rate(rate: Rate | None) -> str:
    return f"{rate.value:.3f} ({rate.low:.3f} to {rate.high:.3f})" if rate else "not computable"


def _not_computable(result: EvaluationResult) -> Iterator[Text]:
    if result.assessment:
        for name, reason in result.assessment.overall.not_computable.items():
            if name in _METRICS:
                yield Text(f"Note: {name} is not computable: {reason}", style="yellow")


def _known(result: EvaluationResult) -> Iterator[Text]:
    known = result.known
    if known and not known.known and known.training_films is not None:
        yield Text(f"  none of {known.films} films was found among the {known.training_films} that the model has seen")
    for reason in known.not_checkable if known else ():
        yield Text(f"Note: {reason}", style="yellow")


def _shortcuts(result: EvaluationResult) -> Iterator[Text]:
    found = result.shortcuts
    if not found:
        return
    for variant in found.telling:
        yield Text(
            f"Note: the model tells the classes apart where no lung can be seen ({variant.shows}): AUC "
            f"{_rate(variant.auc)}, bound {found.bound:g}",
            style="yellow",
        )
    if not found.telling and found.is_computable:
        yield Text("  where no lung can be seen, the model was not found to tell the classes apart")
    if not found.is_computable:
        yield Text("Note: whether the model reads the frame is not computable on these films", style="yellow")
