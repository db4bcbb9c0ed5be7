"""A table as Markdown, page and screen alike show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trainer.servable import Rate

NONE: Final = "–"


@dataclass(frozen=True)
class Cell:
    """What is said, and below it, line by line, what it rests on."""

    value: str
    details: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """All of it in one line: ``0.926 (0.766 to 0.979, n 40)``."""
        return f"{self.value} ({', '.join(self.details)})" if self.details else self.value


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        name: Its head.
        details: Below that.
        foreign: Others' figures, which were not computed here.
    """

    name: str
    cells: tuple[Cell, ...]
    details: tuple[str, ...] = ()
    foreign: bool = False


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        columns: Heads, that of the rows' names first.
        texts: Columns that hold words, by index; all others are numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    texts: tuple[int, ...] = ()


def of_rate(rate: Rate | None) -> Cell:
    """``0.926``, below it ``0.766 to 0.979`` and ``n 40``."""
    if rate is None:
        return Cell(NONE)
    return Cell(f"{rate.value:.3f}", (f"{rate.low:.3f} to {rate.high:.3f}", f"n {rate.n}"))


def of_count(count: int) -> Cell:
    """``2,008,930``."""
    return Cell(f"{count:,}")


def of_confusion(cells: Sequence[Sequence[int]]) -> Cell:
    """``28 12 / 0 40``."""
    return Cell(" / ".join(" ".join(map(str, row)) for row in cells))


def of_p(p: float) -> Cell:
    """``0.013``, or that it is below 0.001."""
    return Cell("< 0.001" if p < 0.001 else f"{p:.3f}")


def markdown(grid: Grid) -> str:
    """The table in GitHub's Markdown, without its caption."""

    def line(texts: Sequence[str]) -> str:
        return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"

    rules = ["---" if column == 0 or column in grid.texts else "--:" for column in range(len(grid.columns))]
    rows = [[Cell(row.name, row.details).line, *(cell.line for cell in row.cells)] for row in grid.rows]
    return "\n".join([line(grid.columns), f"|{'|'.join(rules)}|", *map(line, rows)])
