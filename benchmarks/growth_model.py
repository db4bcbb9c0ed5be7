"""The model by which the cost of a run is extrapolated, and the page that says so."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from trainer.strict import Settings

_SEARCH: Final = ("seconds", "search_mb")


class Line(Settings):
    """Seconds of a component: ``start + film * films``.

    Attributes:
        start: Seconds, whatever the number of films.
        film: Seconds of each film.
        residual: The largest distance of a measured figure from the line, in seconds.
    """

    start: float
    film: float
    residual: float

    def at(self, films: float) -> float:
        """Seconds for so many films."""
        return self.start + self.film * films


def fitted(films: Sequence[int], seconds: Sequence[float]) -> Line:
    """The line of least squares whose two numbers are not below 0: none takes less time for more films."""
    counts, measured = np.asarray(films, float), np.asarray(seconds, float)
    film, start = np.polyfit(counts, measured, 1)
    if film < 0:  # the best of the lines that are allowed then lies at this bound
        film, start = 0.0, measured.mean()
    elif start < 0:
        film, start = counts @ measured / (counts @ counts), 0.0
    residual = np.abs(start + film * counts - measured).max()
    return Line(start=float(start), film=float(film), residual=float(residual))


def page(figures: Mapping[str, Any]) -> str:
    """The page ``growth.md``."""
    films, price = figures["to"], figures["price"]
    lines = {
        name: Line.model_validate({key: one[key] for key in Line.model_fields})
        for name, one in figures["components"].items()
    }
    sizes = [f"{size:,}" for size in figures["films"]]
    total = sum(line.at(films) for line in lines.values())
    machine = "; ".join(f"{name} {value}" for name, value in figures["about"].items())
    network = ", ".join(f"`{key}={value}`" for key, value in figures["network"].items())
    parts = [
        "# How the cost of a run grows",
        _paragraph(
            f"`benchmarks/growth.py` writes this page; its head has the command. {machine}.",
            f"`cxr run` on {', '.join(sizes)} drawn films, each once, with {network}, on features computed once.",
            "Of each component: seconds = a + b x films, least squares with a and b not below 0. The residual is the",
            f"largest distance of a measured figure from its line. What stands under {films:,} films is extrapolated,",
            f"{films / figures['films'][-1]:,.0f} times beyond the largest run measured.",
        ),
        "\n".join(_table(figures, lines, sizes)),
        "\\* What the films add to the largest run is less than the residual; more films have to say how it grows.",
        _paragraph(
            f"**{films:,} films: {total / 3600:.1f} hours on this machine**, {total / 3600 * price:,.2f} at {price:g}",
            "an hour (an assumption, `--price`; no provider's).",
        ),
        _search(figures),
    ]
    return "\n\n".join([*parts, *_card(figures, total)]) + "\n"


def _paragraph(*sentences: str) -> str:
    return textwrap.fill(" ".join(sentences), 120, break_long_words=False, break_on_hyphens=False)


def _search(figures: Mapping[str, Any]) -> str:
    measured, films = figures["search"], figures["to"]
    seconds, memory = (fitted([one["films"] for one in measured], [one[key] for one in measured]) for key in _SEARCH)
    listed = {key: " and ".join(f"{one[key]:,}" for one in measured) for key in ("films", *_SEARCH)}
    return _paragraph(
        "The search for copies in ManifestGen is not linear: its index is sorted, and how many films are opened",
        f"depends on how alike they are. `benchmarks/duplicates.py` timed it alone, on {listed['films']} films:",
        f"{listed['seconds']} s and {listed['search_mb']} MB. A line through these gives",
        f"{seconds.at(films) / 3600:.1f} hours and {memory.at(films) / 1024:,.0f} GB for {films:,} films: a machine",
        "has to have that memory.",
    )


def _table(figures: Mapping[str, Any], lines: Mapping[str, Line], sizes: Sequence[str]) -> list[str]:
    measured = figures["components"]
    rows = [
        f"| component | {' | '.join(f'{size} films, s' for size in sizes)} | a, s | b, ms | residual, s "
        f"| {figures['to']:,} films, min |",
        "|---|" + "--:|" * (len(sizes) + 4),
    ]
    for name, line in lines.items():
        cells = [f"{second:.1f}" for second in measured[name]["seconds"]]
        cells += [f"{line.start:.1f}", f"{1000 * line.film:.2f}", f"{line.residual:.1f}"]
        unseen = line.film * figures["films"][-1] < line.residual - 1e-6
        cells += [f"{line.at(figures['to']) / 60:,.0f}{' *' * unseen}"]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    sums = [f"{sum(one['seconds'][index] for one in measured.values()):.1f}" for index in range(len(sizes))]
    sums += [f"{sum(line.start for line in lines.values()):.1f}"]
    sums += [f"{1000 * sum(line.film for line in lines.values()):.2f}", ""]
    rows.append(f"| sum | {' | '.join(sums)} | {sum(line.at(figures['to']) for line in lines.values()) / 60:,.0f} |")
    return rows


def _card(figures: Mapping[str, Any], total: float) -> list[str]:
    card, films = figures.get("card"), figures["to"]
    if card is None:
        return [
            _paragraph(
                "No card was measured. `python -m benchmarks.gpu --output gpu.json` on one, and `--gpu gpu.json` here,",
                "add what the large networks take on it.",
            )
        ]
    rows = ["| network | its own hours | with the rest of the run | cost |", "|---|--:|--:|--:|"]
    for name, hours in card["hours"].items():
        whole = hours + total / 3600
        rows.append(f"| {name} | {hours:.1f} | {whole:.1f} | {figures['price'] * whole:,.2f} |")
    return [
        f"## On {card['card']}",
        _paragraph(
            f"{card['epochs']} epochs of {films:,} films of {card['image_size']} px in batches of",
            f"{card['batch_size']}, six tenths of them trained on in every epoch, at the films a second of",
            "`benchmarks/gpu.py`, with augmentation in the step, in the faster precision. Every test film goes forward",
            f"{card['passes']} times: as it is, in every variant, and for TFMA; explained films are left out. The rest",
            "of the run is that above, the small network's own passes on this machine's cores included.",
        ),
        "\n".join(rows),
    ]
