"""Figures as SVG that stands in a page: its colours are the page's, its bytes depend on the data alone.

matplotlib draws in stand-in colours, and the page's CSS variables take their place, so that one drawing serves light
and dark and paper alike.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#010101"  #: text and axes
FAINT: Final = "#020202"  #: what is there for comparison
GRID: Final = "#030303"
FIRST: Final = "#040404"  #: the two series; dashes and marks tell them apart as well
SECOND: Final = "#050505"
BOUND: Final = "#060606"  #: thresholds and bounds
_VARIABLES: Final = {
    INK: "--ink", FAINT: "--muted", GRID: "--line", FIRST: "--first", SECOND: "--second", BOUND: "--bad",
}  # fmt: skip

#: CSS pixels: a telephone's width, so that text has its size there and two or three charts stand beside one another.
WIDTH: Final = 340
HEIGHT: Final = 260
_DPI: Final = 72  #: SVG has 72 units to matplotlib's inch
_STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cxr",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that places of texts are the same everywhere
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "figure.constrained_layout.use": True,
}


@contextmanager
def axes(height: float = HEIGHT) -> Iterator[tuple["Figure", "Axes"]]:
    """An empty figure of `WIDTH` and one pair of axes, in the style of the report."""
    from matplotlib import rc_context  # half a second, and only a report draws
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI)
        figure.patch.set_alpha(0)
        made = figure.add_subplot()
        made.patch.set_alpha(0)
        yield figure, made


def to_svg(figure: "Figure", name: str, title: str, description: str) -> str:
    """The figure as an ``svg`` element.

    Call it inside :func:`axes`: matplotlib reads its style when it writes.

    Args:
        figure: With the colours of this module and no others.
        name: Unique in the page; all ids in the element begin with it.
        title: What is drawn.
        description: What it shows, in numbers, for who cannot see it.
    """
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r"font-family: [^;\"]+;? ?", "", text)  # the page's own font
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, f"var({variable})")
    view_box = re.search(r'viewBox="[^"]+"', text)
    head = (
        f'<svg class="chart" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'{view_box.group() if view_box else ""} xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, text, count=1).strip()
