"""The measured rows as data, as a table and as a plot."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from benchmarks.claim import Row
from trainer.strict import Settings

_VERDICT: Final = {True: "yes", False: "**no**", None: ""}


class Results(Settings):
    """Rows and what they were measured on; ``about`` of the last measurement, dates of each row's own in ``dates``."""

    about: dict[str, str] = Field({})
    rows: tuple[Row, ...] = ()
    dates: dict[str, str] = Field({})

    @classmethod
    def read(cls, file: Path) -> "Results":
        """What ``write`` wrote; nothing where there is no file."""
        return cls.model_validate_json(file.read_text(encoding="utf-8")) if file.exists() else cls()

    def write(self, file: Path) -> None:
        """As JSON."""
        file.write_text(json.dumps(self.model_dump(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def with_rows(self, newer: "Results") -> "Results":
        """These, with all rows of the claims that ``newer`` has replaced by its own."""
        measured = {row.claim for row in newer.rows}
        rows = [*(row for row in self.rows if row.claim not in measured), *newer.rows]
        dates = self.dates | {str(claim): newer.about["date"] for claim in measured}
        return Results(about=newer.about, rows=tuple(sorted(rows, key=lambda row: row.claim)), dates=dates)


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown: median, spread, goal, and whether it is met."""
    lines = [
        "| | what | against | median | from to (n) | goal | met | ours | the other |",
        "|--:|---|---|--:|--:|--:|---|--:|--:|",
    ]
    for row in rows:
        spread = f"{min(row.values):.3g} to {max(row.values):.3g} ({len(row.values)})"
        cells: list[Any] = [row.claim, row.what, row.against, f"{row.median:.3g} {row.unit}", spread]
        cells += [row.goal or "", _VERDICT[row.met], row.ours, row.peer]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def page(results: Results) -> str:
    """The page ``results.md``."""
    machine = "; ".join(f"{name} {value}" for name, value in results.about.items() if name != "date")
    notes = [f"- {row.claim}, {row.what}: {row.note}" for row in results.rows if row.note]
    dates = ", ".join(
        f"{claim} on {date}" for claim, date in sorted(results.dates.items(), key=lambda one: int(one[0]))
    )
    parts = [
        "# Measured claims",
        f"`make bench` writes this page. {machine}. Measured: {dates}.",
        "Each figure is the median of the pairs that were taken in turn on the same machine and films, with the\n"
        "smallest and the largest. Absolute figures are for reading, the ratios are what is held to a goal.",
        "![Medians beside their goals](results.png)",
        table(results.rows),
    ]
    return "\n\n".join(parts + (["## What limits them", "\n".join(notes)] if notes else [])) + "\n"


def draw(rows: Sequence[Row], file: Path) -> None:
    """How far each median is from its goal, as a picture: 1 is the goal, more is better."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    judged = [row for row in rows if row.goal is not None]
    figure, axes = pyplot.subplots(figsize=(9, 0.6 + 0.32 * max(1, len(judged))), layout="constrained")
    for place, row in enumerate(reversed(judged)):
        assert row.goal is not None
        parts = [_part(row, value) for value in row.values]
        axes.plot([min(parts), max(parts)], [place, place], color="0.6", linewidth=3, solid_capstyle="round")
        axes.plot(_part(row, row.median), place, "o" if row.met else "X", color="C0" if row.met else "C3")
    axes.axvline(1, color="0.3", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("times the goal; right of the line it is met")
    axes.set_yticks(range(len(judged)), [f"{row.claim} {row.what} ({row.goal} {row.unit})" for row in reversed(judged)])
    axes.tick_params(axis="y", labelsize=7)
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def _part(row: Row, value: float) -> float:
    assert row.goal is not None
    return value / row.goal.bound if row.goal.way == "at least" else row.goal.bound / max(value, 1e-9)
