"""The measured rows as a picture."""

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from benchmarks.claim import Row
from benchmarks.results import figure as digits

_MET, _MISSED, _SPREAD = "#1b7837", "#b2182b", "#9e9e9e"
_LINE_LETTERS: Final = 62
_INCHES_A_LINE: Final = 0.17
#: Parts of a goal beyond these stand at the edge, so that the others can be told apart.
_WORST, _BEST = 0.1, 10.0


def draw(rows: Iterable[Row], file: Path) -> None:
    """How far each median is from its goal: 1 is the goal, right of it is better. Rows without a goal are left out."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D

    judged = [row for row in rows if row.goal is not None]
    labels = [textwrap.fill(f"{row.claim}  {row.what}", _LINE_LETTERS) for row in judged]
    heights = [_INCHES_A_LINE * (1.6 + label.count("\n")) for label in labels]
    places = [sum(heights[:index]) + height / 2 for index, height in enumerate(heights)]
    figure, axes = pyplot.subplots(figsize=(11, 1.3 + sum(heights)), layout="constrained")
    for place, row in zip(places, judged, strict=True):
        parts = [_within(part_of_goal(row, value)) for value in row.values]
        axes.plot([min(parts), max(parts)], [place, place], color=_SPREAD, linewidth=4, solid_capstyle="round")
        marker, colour = ("o", _MET) if row.met else ("X", _MISSED)
        axes.plot(_within(part_of_goal(row, row.median)), place, marker, color=colour, markersize=7)
        axes.text(1.01, place, f"{digits(row.median)} {row.unit}, goal {row.goal}", fontsize=7, va="center",
                  color=colour, transform=axes.get_yaxis_transform())  # fmt: skip
    axes.axvline(1, color="black", linewidth=1, zorder=0)
    axes.set_xscale("log")
    axes.set_xlim(_WORST * 0.9, _BEST * 1.1)
    axes.set_xticks(
        [0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1 or less", "0.2", "0.5", "1", "2", "5", "10 or more"], fontsize=7
    )
    axes.minorticks_off()
    axes.set_xlabel("how many times the goal is reached, logarithmic; right of the line it is met", fontsize=8)
    axes.set_yticks(places, labels, fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(sum(heights), 0.1), 0)
    axes.grid(axis="x", color="0.9")
    axes.spines[["top", "right", "left"]].set_visible(False)
    marks = [("o", _MET, "median, goal met"), ("X", _MISSED, "median, goal missed")]
    handles = [Line2D([], [], marker=mark, color=colour, linestyle="", label=text) for mark, colour, text in marks]
    handles.append(Line2D([], [], color=_SPREAD, linewidth=4, label="smallest to largest"))
    figure.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=8, frameon=False)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)


def _within(part: float) -> float:
    return min(max(part, _WORST), _BEST)


def part_of_goal(row: Row, value: float) -> float:
    """How many times as good as the goal a value is; a value of 0 or below as if it were a billionth."""
    assert row.goal is not None
    value = max(value, 1e-9)
    return value / row.goal.bound if row.goal.way == "at least" else row.goal.bound / value
