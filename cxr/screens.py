"""The last screen of a run: what ran, what was measured, what was decided, where things are, what to do next."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from components.data_audit.audit import Check
from cxr.class_table import class_table
from pipeline.result import RunResult
from trainer.features import SPLITS, UNUSED

_HEADLINES: Final = {
    "pushed": ("Pushed", "bold green"),
    "unchanged": ("Unchanged: what is served already is what this run comes to; nothing was pushed", "bold green"),
    "not_blessed": ("Not blessed: the model missed a bound; nothing was pushed", "bold red"),
    "failed": ("Failed: nothing was pushed", "bold red"),
    "refused_data": ("Data refused: nothing was trained, nothing was pushed", "bold red"),
}
#: What the screen shows of the metrics; the report has all.
_METRICS: Final = ("recall", "specificity", "precision", "auc")


def tables_of(result: RunResult, root: Path) -> Iterator[RenderableType]:
    """The tables and lines to print, from the details to the decision."""
    if result.components:
        yield _components(result)
    if result.films:
        yield _films(result)
        rejected = ", ".join(f"{reason} {count}" for reason, count in result.rejected.items()) or "none"
        yield Text(f"  rejected rows: {rejected}")
    yield from _shortcuts(result)
    if result.metrics:
        yield _metrics(result)
        if len(result.classes) > 2:  # of two, each class's figures are the other's
            yield class_table(result.classes, result.averages)
        passed = sum(rule.passed for rule in result.gate)
        yield Text(f"  release gate: {passed} of {len(result.gate)} rules passed")
    in_table = {check.message for check in _measured(result) if check.verdict == "warn"}
    yield from (Text(f"Note: {note}", style="yellow") for note in result.notes if note not in in_table)
    yield Text()
    headline, style = _HEADLINES[result.status]
    version = f" version {result.version}" if result.status == "pushed" else ""
    yield Text(f"{headline}{version}", style=style)
    yield from (Text(f"  {reason}") for reason in result.reasons)
    yield from _next_steps(result, root)


def _components(result: RunResult) -> Table:
    table = Table("component", "", "seconds", box=SIMPLE)
    table.columns[2].justify = "right"
    for name, component in result.components.items():
        seconds = f"{component.seconds:.1f}" if component.state == "ran" else ""
        table.add_row(name, component.state, seconds)
    return table


def _films(result: RunResult) -> Table:
    splits = [*SPLITS, *([UNUSED] if any(UNUSED in counts for counts in result.films.values()) else [])]
    table = Table("films", *splits, box=SIMPLE)
    for label, counts in result.films.items():
        table.add_row(label, *(str(counts.get(split, 0)) for split in splits))
    return table


def _measured(result: RunResult) -> list[Check]:
    return [check for check in result.audit if check.measurement is not None and check.bound is not None]


def _shortcuts(result: RunResult) -> Iterator[RenderableType]:
    """A row for what tells the classes apart and should not; one line where nothing does."""
    measured = _measured(result)
    above = [(check, check.measurement) for check in measured if check.verdict != "pass" and check.measurement]
    if not above:
        if measured:
            yield Text(f"  audit: none of {len(measured)} things that are no lung tells the classes apart")
        return
    table = Table("tells the class", "by", "AUC or V (95 %)", "bound", "", box=SIMPLE)
    for check, found in above:
        table.add_row(
            found.of,
            found.by,
            f"{found.value:.2f} ({found.low:.2f}-{found.high:.2f})",
            f"{check.bound:.2f}",
            check.verdict,
        )
    yield table
    yield Text(
        f"Note: {len(above)} of {len(measured)} things that are no lung tell the classes apart: a high score on these "
        "films is no evidence that the network reads lungs. See docs/audit.md.",
        style="yellow",
    )


def _metrics(result: RunResult) -> Table:
    table = Table("test split", "value", "95 % interval", "films", "patients", "gate", box=SIMPLE)
    bounds = {rule.name.removeprefix("min_"): rule for rule in result.gate}
    for name in [name for name in _METRICS if name in result.metrics]:
        metric = result.metrics[name]
        rule = bounds.get(name)
        gate = f"{rule.value or 0:.3f} {'>=' if rule.passed else '<'} {rule.bound:g}" if rule else ""
        table.add_row(
            name,
            f"{metric.value:.3f}",
            f"{metric.low:.3f} to {metric.high:.3f}",
            str(metric.n),
            str(metric.patients),
            gate,
        )
    return table


def _next_steps(result: RunResult, root: Path) -> Iterator[Text]:
    if result.model_dir:
        yield Text(f"  model     {result.model_dir}", overflow="fold")
        yield Text(f"  next      cxr predict FILM --model {Path(result.model_dir).parent}", overflow="fold")
    elif result.status == "refused_data":
        yield Text(f"  next      read {root / 'manifest' / 'rejected.csv'}, mend the data or the bound, run again")
    elif result.status == "failed":
        yield Text("  next      mend what the line above names and run again: what has finished is not done again")
    elif result.status == "not_blessed":
        yield Text("  next      more films, other trainer settings, or a gate bound that you can defend; run again")
    if result.report:
        yield Text(f"  report    {result.report}", overflow="fold")
    yield Text(f"  manifest  {root / 'manifest'}", overflow="fold")
    yield Text(f"  logs      {root / 'logs'}", overflow="fold")
