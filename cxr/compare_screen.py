"""The last screen of a comparison: what forbids to believe the figures, then the figures, then where things are."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.compare.grid import Grid, of_p
from pipeline.compare.pairs import LEVEL
from pipeline.compare.result import ComparisonResult
from pipeline.compare.tables import OURS, THEIRS, spread_table, study_notes, study_table, threshold_table
from trainer.features import UNUSED

#: What the screen shows of two tables, by the head of the column; the report has all.
_THRESHOLD: Final = ("Network", "Recall", "Specificity", "Accuracy", "Area under the ROC curve")
_SPREAD: Final = ("Network", "Accuracy", "Recall", "Specificity", "Area under the ROC curve")


def lines_of(result: ComparisonResult, root: Path) -> Iterator[RenderableType]:
    """The tables and lines to print."""
    yield from (Text(f"Warning: {warning}", style="bold red") for warning in result.warnings)
    if result.films:
        films = ", ".join(f"{label} {_used(counts)}" for label, counts in result.films.items())
        rejected = ", ".join(f"{reason} {count}" for reason, count in result.rejected.items()) or "none"
        yield Text(f"  films: {films}; rejected rows: {rejected}")
    if result.networks:
        pooled = f"; films of all {result.folds} folds together" if result.folds else ""
        yield _by_figure(study_table(result), f"table of the study: films by their most probable class{pooled}")
        yield from (Text(f"  {note}", style="dim") for note in study_notes(result))
        yield _table(threshold_table(result), _THRESHOLD, f"films called at the operating threshold{pooled}")
        if result.folds:
            told = f"at each fold's operating threshold: mean over {result.folds} folds, and range"
            yield _table(spread_table(result), _SPREAD, told)
    yield from _pairs(result)
    yield from (Text(f"Note: {note}", style="yellow") for note in result.notes)
    if states := Counter(node.state for node in result.components.values()):
        counts = ", ".join(f"{states[state]} {state}" for state in ("failed", "ran", "cached") if states[state])
        yield Text(f"\n  nodes: {counts}")
    if result.status == "compared":
        yield Text(f"Compared {', '.join(network.name for network in result.networks)}", style="bold green")
    else:
        done = ", ".join(network.name for network in result.networks)
        yield Text(f"Failed: only {done} finished" if done else "Failed: nothing was compared", style="bold red")
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
    tested = sum(pair.films > 0 for pair in result.pairs)
    if rest := tested - len(shown):
        tests = f"{rest} of {tested} paired tests (McNemar, Holm)"
        yield Text(f"  {tests} show no difference that chance alone would not make; the report has each")


def _used(counts: Mapping[str, int]) -> str:
    """Films of one class that some network has seen, and how many balancing has left out."""
    unused = counts.get(UNUSED, 0)
    return f"{sum(counts.values()) - unused}" + (f" (and {unused} left out to balance classes)" if unused else "")


def _by_figure(grid: Grid, caption: str) -> Table:
    """A table with many columns turned: below each figure the networks, with others' figures beside ours.

    Intervals are shorter than elsewhere, so that both fit 80 columns.
    """
    theirs = {row.name: row for row in grid.rows if row.foreign}
    table = Table(box=None, title=f"\n{caption}", title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column(OURS)
    if theirs:
        table.add_column(THEIRS, style="dim")
    for index, head in enumerate(grid.columns[1:]):
        table.add_row(Text(head, style="bold"))
        for row in (row for row in grid.rows if not row.foreign):
            cells = [one.cells[index] for one in (row, theirs.get(row.name)) if one]
            table.add_row(f"  {row.name}", *(Text(cell.line.replace(" to ", "–")) for cell in cells))
    return table


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
