"""The last screen of a comparison: what forbids to believe the figures, then the figures, then where things are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.compare.grid import Grid, of_p
from pipeline.compare.pairs import LEVEL
from pipeline.compare.result import ComparisonResult
from pipeline.compare.tables import spread_table, study_table, threshold_table

#: What the screen shows of the tables, by the head of the column; the report has all.
_STUDY: Final = (
    "Network",
    "Train accuracy",
    "Accuracy",
    "Confusion matrix",
    "Trainable parameters",
    "Seconds per epoch",
)
_THRESHOLD: Final = ("Network", "Recall", "Specificity", "Area under the ROC curve", "Confusion matrix")
_SPREAD: Final = ("Network", "Accuracy", "Recall", "Specificity", "Area under the ROC curve")


def lines_of(result: ComparisonResult, root: Path) -> Iterator[RenderableType]:
    """The tables and lines to print."""
    yield from (Text(f"Warning: {warning}", style="bold red") for warning in result.warnings)
    if result.films:
        films = ", ".join(f"{label} {sum(counts.values())}" for label, counts in result.films.items())
        rejected = ", ".join(f"{reason} {count}" for reason, count in result.rejected.items()) or "none"
        yield Text(f"  films: {films}; rejected rows: {rejected}")
    if result.networks:
        yield _table(study_table(result), _STUDY, "by the most probable class, as in the study")
        yield _table(threshold_table(result), _THRESHOLD, "at the operating threshold")
        if result.folds:
            yield _table(spread_table(result), _SPREAD, f"mean over {result.folds} folds, and range")
    yield from _pairs(result)
    yield from (Text(f"Note: {note}", style="yellow") for note in result.notes)
    ran = sum(node.state == "ran" for node in result.components.values())
    yield Text(f"\n  {ran} of {len(result.components)} nodes ran, the others were cached")
    if result.status == "compared":
        yield Text(f"Compared {', '.join(network.name for network in result.networks)}", style="bold green")
    else:
        yield Text("Failed: nothing was compared", style="bold red")
        yield from (Text(f"  {reason}") for reason in result.reasons)
        yield Text("  next      mend what the line above names and run again: what has finished is not done again")
    if result.report:
        yield Text(f"  report    {result.report}", overflow="fold")
        yield Text(f"  table     {root / 'compare.md'}", overflow="fold")
    yield Text(f"  manifest  {root / 'manifest'}", overflow="fold")
    yield Text(f"  logs      {root / 'logs'}", overflow="fold")


def _pairs(result: ComparisonResult) -> Iterator[Text]:
    """A line for each difference that chance alone would not make, and one for all others."""
    shown = [pair for pair in result.pairs if pair.p_adjusted < LEVEL]
    for pair in shown:
        p = of_p(pair.p_adjusted).value
        yield Text(f"  {pair.of} of {pair.first} and {pair.second}: {pair.says}; p {p}, adjusted (Holm)")
    if rest := len(result.pairs) - len(shown):
        tests = f"{rest} of {len(result.pairs)} paired tests (McNemar, Holm)"
        yield Text(f"  {tests} show no difference that chance alone would not make; the report has each")


def _table(grid: Grid, heads: tuple[str, ...], caption: str) -> Table:
    """Some columns of a table: those whose heads begin as told."""
    chosen = [index for index, column in enumerate(grid.columns) if column.startswith(heads)]
    table = Table(box=SIMPLE, title=caption, title_justify="left", padding=(0, 1, 0, 0))
    for index in chosen:
        table.add_column(grid.columns[index], no_wrap=index == 0)
    for row in grid.rows:
        cells = [(row.name, row.details), *((cell.value, cell.details) for cell in row.cells)]
        lines = ([value.replace(" / ", "\n"), *details] for value, details in (cells[index] for index in chosen))
        table.add_row(*(Text("\n".join(one)) for one in lines), style="dim" if row.foreign else "")
    return table
