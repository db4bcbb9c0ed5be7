"""Predictions as a table, as JSON and as CSV."""

import csv
import json
from collections.abc import Iterable
from typing import Any, Final, TextIO

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from serving.prediction import Answers, Prediction

_DIGITS: Final = 3  # of a score after the point
_FIXED: Final = ("film", "label", "score", "threshold", "positive", "error", "version")


def as_json(answers: Answers) -> str:
    """One object; ``null`` for what is not told, and for all that a film without an answer does not have."""
    head = {"version": answers.version, "positive_class": answers.positive, "threshold": answers.threshold}
    films = [
        _values(found) | {"probabilities": found.probabilities if found.valid else None}
        for found in answers.predictions
    ]
    return json.dumps({**head, "notes": list(answers.notes), "films": films}, indent=2)


class CsvRows:
    """One row per film as they are answered; the probability of a class in a column of its name.

    The rows before the first answer wait for it: it tells the classes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._classes: list[str] | None = None
        self._waiting: list[Prediction] = []

    def add(self, found: Prediction) -> None:
        """Writes a film's row, at once if the classes are known."""
        self._waiting.append(found)
        if self._classes is not None or found.probabilities:
            self._write(found.probabilities)

    def end(self) -> None:
        """Writes what still waits."""
        self._write({})

    def _write(self, classes: Iterable[str]) -> None:
        if self._classes is None:
            self._classes = sorted(classes)
            self._writer.writerow([*_FIXED, *(f"probability of {name}" for name in self._classes)])
        for found in self._waiting:
            values = _values(found) | {"version": found.version}
            probabilities = [found.probabilities.get(name) if found.valid else None for name in self._classes]
            self._writer.writerow([*(values[name] for name in _FIXED), *probabilities])
        self._waiting.clear()
        self._stream.flush()


def print_table(answers: Answers) -> None:
    """A table for a person, and under it what must be known of the model."""
    positive, threshold = escape(answers.positive or "positive"), answers.threshold
    digits = [_digits(found.score, found.threshold) for found in answers.predictions if found.valid]
    if threshold is not None:
        positive = f"{positive} from {threshold:.{max(digits, default=_DIGITS)}f}"
    table = Table("film", "label", "score", positive, box=SIMPLE)
    for found in answers.predictions:
        film = Text(found.path.name, overflow="fold")
        if found.valid:
            score = f"{found.score:.{_digits(found.score, found.threshold)}f}"
            table.add_row(film, Text(found.label), score, "yes" if found.positive else "no")
        else:
            table.add_row(film, Text(found.error, style="red"), "", "")
    console = Console(highlight=False)
    console.print(table)
    version = f"Model version {answers.version}" if answers.version else "Of the model's version nothing is told"
    whose = f"of {answers.positive}" if answers.positive else "of the positive class"
    console.print(Text(f"{version}; score is the probability {whose}. Not a diagnosis."))
    for note in answers.notes:
        console.print(Text(f"Note: {note}", style="yellow"))


def _digits(score: float, threshold: float | None) -> int:
    """After the point, so that a score that is not the threshold does not look like it."""
    if threshold is None or score == threshold:
        return _DIGITS
    # Two numbers of 32 bits between 0 and 1 may be closer; they then look the same.
    return next((n for n in range(_DIGITS, 9) if f"{score:.{n}f}" != f"{threshold:.{n}f}"), 9)


def _values(found: Prediction) -> dict[str, Any]:
    return {
        "film": str(found.path),
        "label": found.label if found.valid else None,
        "score": found.score if found.valid else None,
        "threshold": found.threshold if found.valid else None,
        "positive": found.positive if found.valid else None,
        "error": found.error or None,
    }
