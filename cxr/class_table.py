"""The classification report on a screen."""

from collections.abc import Mapping
from typing import Final

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from trainer.assessment import ClassAverage, ClassRow
from trainer.servable import Rate

_METRICS: Final = ("precision", "recall", "f1")
_NONE: Final = "–"


def class_table(classes: Mapping[str, ClassRow], averages: Mapping[str, ClassAverage]) -> Table:
    """Precision, recall and F1 of each class with 95 % intervals, and their averages over the classes with films."""
    table = Table("class", *_METRICS, box=SIMPLE, padding=(0, 1, 0, 0), caption_justify="left")
    table.add_column("films", justify="right")
    for name, row in classes.items():
        table.add_row(Text(name), *(_rate(getattr(row, metric)) for metric in _METRICS), str(row.support))
    table.add_section()
    for name, mean in averages.items():
        table.add_row(name, *(_rate(getattr(mean, metric)) for metric in _METRICS), str(mean.support))
    if missing := [name for name, row in classes.items() if not row.support]:
        table.caption = f"not computable, for no film is: {', '.join(missing)}"
    return table


def _rate(rate: Rate | None) -> str:
    return f"{rate.value:.2f} ({rate.low:.2f}-{rate.high:.2f})" if rate else _NONE
