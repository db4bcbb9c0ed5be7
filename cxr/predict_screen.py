"""Predictions as a table, as JSON and as CSV."""

import csv
import io
import json
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from serving.prediction import Answers, Prediction


def as_json(answers: Answers) -> str:
    """One object; ``null`` for what is not told, and for all that a film without an answer does not have."""
    head = {"version": answers.version, "positive_class": answers.positive, "threshold": answers.threshold}
    films = [
        _values(found) | {"probabilities": found.probabilities if found.valid else None}
        for found in answers.predictions
    ]
    return json.dumps({**head, "notes": list(answers.notes), "films": films}, indent=2)


def as_csv(answers: Answers) -> str:
    """One row per film, in their order; the probability of a class in a column of its name."""
    classes = sorted({name for found in answers.predictions for name in found.probabilities})
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    fixed = ("film", "label", "score", "positive", "error")
    writer.writerow([*fixed, "version", *(f"probability of {name}" for name in classes)])
    for found in answers.predictions:
        values = _values(found)
        probabilities = [found.probabilities[name] if found.valid else None for name in classes]
        writer.writerow([*(values[name] for name in fixed), found.version, *probabilities])
    return stream.getvalue()


def print_table(answers: Answers) -> None:
    """A table for a person, and under it what must be known of the model."""
    positive, threshold = escape(answers.positive or "positive"), answers.threshold
    table = Table(
        "film", "label", "score", positive if threshold is None else f"{positive} from {threshold:.3f}", box=SIMPLE
    )
    for found in answers.predictions:
        film = Text(found.path.name, overflow="fold")
        if found.valid:
            table.add_row(film, Text(found.label), f"{found.score:.3f}", "yes" if found.positive else "no")
        else:
            table.add_row(film, Text(found.error, style="red"), "", "")
    console = Console(highlight=False)
    console.print(table)
    version = f"Model version {answers.version}" if answers.version else "Of the model's version nothing is told"
    whose = f"of {answers.positive}" if answers.positive else "of the positive class"
    console.print(Text(f"{version}; score is the probability {whose}. Not a diagnosis."))
    for note in answers.notes:
        console.print(Text(f"Note: {note}", style="yellow"))


def _values(found: Prediction) -> dict[str, Any]:
    return {
        "film": str(found.path),
        "label": found.label if found.valid else None,
        "score": found.score if found.valid else None,
        "positive": found.positive if found.valid else None,
        "error": found.error or None,
    }
