"""The classification report on a screen."""

import io

from rich.console import Console

from cxr.class_table import class_table
from trainer.assessment import ClassAverage, ClassRow
from trainer.servable import Rate

RATE = Rate(value=0.9, low=0.7, high=0.97, n=30, patients=20)
WHY = dict.fromkeys(("precision", "recall", "f1", "auc"), "no film is mers")
CLASSES = {
    "covid": ClassRow(precision=RATE, recall=RATE, f1=RATE, auc=RATE, support=30),
    "other_bacterial": ClassRow(
        precision=None, recall=RATE, f1=RATE, auc=RATE, support=3, not_computable={"precision": "no film is called so"}
    ),
    "mers": ClassRow(precision=None, recall=None, f1=None, auc=None, support=0, not_computable=WHY),
}
MACRO = ClassAverage(precision=RATE, recall=RATE, f1=RATE, auc=RATE, support=33, classes=("covid", "other_bacterial"))


def shown(width: int = 80) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(class_table(CLASSES, {"macro": MACRO}))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines() if line.strip()]


def test_a_line_for_each_class_and_average_fits_on_a_screen_of_80_columns() -> None:
    lines = shown()
    assert lines[0] == "class precision recall f1 films"
    assert "covid 0.90 (0.70-0.97) 0.90 (0.70-0.97) 0.90 (0.70-0.97) 30" in lines
    assert "other_bacterial – 0.90 (0.70-0.97) 0.90 (0.70-0.97) 3" in lines
    assert "macro 0.90 (0.70-0.97) 0.90 (0.70-0.97) 0.90 (0.70-0.97) 33" in lines


def test_classes_without_films_are_named_below() -> None:
    lines = shown()
    assert "mers – – – 0" in lines
    assert lines[-1] == "not computable, for no film is: mers"
