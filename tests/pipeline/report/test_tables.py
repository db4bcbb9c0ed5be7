from types import SimpleNamespace
from typing import Any

from pipeline.report.tables import class_gaps
from trainer.assessment import ClassRow
from trainer.servable import Rate

RATE = Rate(value=0.9, low=0.7, high=0.97, n=30, patients=20)


def row(*missing: str, why: str = "") -> ClassRow:
    metrics: dict[str, Any] = {name: None if name in missing else RATE for name in ("precision", "recall", "f1", "auc")}
    return ClassRow(**metrics, support=1, not_computable=dict.fromkeys(missing, why))


def test_a_sentence_says_of_each_class_what_is_not_computable_and_why() -> None:
    rows = {
        "covid": row(),
        "sars": row("precision", why="no film is called sars"),
        "mers": row("precision", "recall", "f1", "auc", why="no film is mers"),
    }
    assert class_gaps(SimpleNamespace(report=rows)) == [  # type: ignore[arg-type]
        "sars: precision not computable, for no film is called sars.",
        "mers: precision, recall, F1, area under the ROC curve not computable, for no film is mers.",
    ]
