"""The measured rows as data, as a table and as a page."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import Field

from benchmarks.claim import Row
from trainer.strict import Settings

_VERDICT: Final = {True: "yes", False: "**no**", None: ""}
#: Of the claims.
_NUMBERS: Final = range(1, 13)


class Measured(Settings):
    """What one module of ``claims`` measured, on which machine and when."""

    about: dict[str, str]
    rows: tuple[Row, ...]


class Results(Settings):
    """Name of a module of ``claims`` -> what it measured last."""

    claims: dict[str, Measured] = Field({})

    @classmethod
    def read(cls, file: Path) -> "Results":
        """What ``write`` wrote; nothing where there is no file."""
        return cls.model_validate_json(file.read_text(encoding="utf-8")) if file.exists() else cls()

    def write(self, file: Path) -> None:
        """As JSON."""
        file.write_text(json.dumps(self.model_dump(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def with_claim(self, name: str, measured: Measured) -> "Results":
        """These, with what the module ``name`` measured in place of what it had."""
        return Results(claims=self.claims | {name: measured})

    @property
    def rows(self) -> tuple[Row, ...]:
        """Of all modules, by the number of the claim."""
        return tuple(sorted((row for one in self.claims.values() for row in one.rows), key=lambda row: row.claim))


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown: median, spread, goal, and whether it is met."""
    lines = [
        "| | what | against | median | from to (n) | goal | met | ours | the other |",
        "|--:|---|---|--:|--:|--:|---|--:|--:|",
    ]
    for row in rows:
        spread = f"{figure(min(row.values))} to {figure(max(row.values))} ({len(row.values)})"
        cells = [str(row.claim), row.what, row.against, f"{figure(row.median)} {row.unit}", spread]
        cells += [str(row.goal or ""), _VERDICT[row.met], row.ours, row.peer]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def figure(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def page(results: Results) -> str:
    """The page ``results.md``."""
    judged = [row for row in results.rows if row.goal is not None]
    notes = [f"- {row.claim}, {row.what}: {row.note}" for row in results.rows if row.note]
    missing = [str(number) for number in _NUMBERS if number not in {row.claim for row in results.rows}]
    parts = [
        "# Measured claims",
        "`make bench` writes this page. Each figure is the median of n values, with the smallest, the largest and n\n"
        "in brackets; where a peer is named, of pairs that were taken in turn on the same machine and films. Absolute\n"
        "figures are for reading; the ratios are held to goals. Goals met: "
        f"{sum(row.met is True for row in judged)} of {len(judged)}.",
        *([f"Claims that are not measured yet: {', '.join(missing)}."] if missing else []),
        "![Medians beside their goals](results.png)",
        table(results.rows),
        *(["## What limits them", "\n".join(notes)] if notes else []),
        "## Machines",
        "\n".join(_machines(results)),
    ]
    return "\n\n".join(parts) + "\n"


def _machines(results: Results) -> list[str]:
    measured: dict[str, list[str]] = defaultdict(list)
    for name, one in results.claims.items():
        machine = "; ".join(f"{key} {value}" for key, value in one.about.items() if key != "date")
        measured[machine].append(f"{name} ({one.about['date']})")
    return [f"- {', '.join(names)}: {machine}." for machine, names in measured.items()]
