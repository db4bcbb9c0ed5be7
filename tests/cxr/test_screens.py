"""The last screen of a run."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from components.data_audit.audit import Check, Measurement
from components.release_gate.decision import Rule
from cxr.screens import tables_of
from pipeline.result import ComponentRun, RunResult
from trainer.assessment import ClassRow
from trainer.servable import Rate

RECALL = Rate(value=0.9, low=0.7, high=0.97, n=30, patients=20)
RESULT = RunResult(
    status="pushed",
    version=1_700_000_000,
    model_dir="/runs/x/serving/cxr/1700000000",
    metrics={"recall": RECALL},
    gate=(Rule(name="min_recall", value=0.68, bound=0.6, passed=True, message="reached"),),
    components={"Trainer": ComponentRun(state="ran", seconds=12.34), "Pusher": ComponentRun(state="cached", seconds=0)},
    films={"covid": {"train": 60, "eval": 20, "test": 20, "unused": 7}},
    rejected={"view": 5, "no_file": 2},
    notes=("random weights",),
)


def screen(result: RunResult) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=100)
    for part in tables_of(result, Path("/runs/x")):
        console.print(part)
    return stream.getvalue()


def test_a_pushed_model_is_shown_with_what_it_rests_on() -> None:
    text = screen(RESULT)
    for part in ("Trainer", "12.3", "cached", "0.900", "0.700 to 0.970", "30", "0.680 >= 0.6", "view 5, no_file 2"):
        assert part in text
    for part in ("unused", "Note: random weights", "Pushed version 1700000000"):
        assert part in text
    assert "cxr predict FILM --model /runs/x/serving/cxr" in text


def test_more_than_two_classes_are_shown_one_by_one() -> None:
    row = ClassRow(precision=RECALL, recall=RECALL, f1=RECALL, auc=RECALL, support=30)
    text = screen(RESULT.model_copy(update={"classes": dict.fromkeys(("covid", "sars", "mers"), row)}))
    assert [line.split()[0] for line in text.splitlines() if "0.90 (0.70-0.97)" in line] == ["covid", "sars", "mers"]
    text = screen(RESULT.model_copy(update={"classes": dict.fromkeys(("covid", "healthy"), row)}))
    assert "0.90 (0.70-0.97)" not in text


@pytest.mark.parametrize(
    "status, headline, step",
    [
        ("not_blessed", "Not blessed: the model missed a bound", "more films, other trainer settings"),
        ("failed", "Failed: nothing was pushed", "what has finished is not done again"),
        ("refused_data", "Data refused: nothing was trained", "/runs/x/manifest/rejected.csv"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(status: str, headline: str, step: str) -> None:
    changed = {"status": status, "reasons": ("recall 3/9: below",), "model_dir": None, "version": None}
    text = screen(RESULT.model_copy(update=changed))
    assert headline in text
    assert "recall 3/9: below" in text
    assert step in text
    assert "cxr predict" not in text


def test_an_unchanged_run_says_so() -> None:
    assert "Unchanged: what is served already" in screen(RESULT.model_copy(update={"status": "unchanged"}))


def probe(of: str, verdict: str, area: float) -> Check:
    return Check.model_validate(
        {
            "name": f"shortcut_{of}",
            "verdict": verdict,
            "value": area,
            "bound": 0.7,
            "message": f"all about {of}",
            "measurement": Measurement(
                of=of, measure="AUC", by="SVM", value=area, low=area - 0.1, high=area, chance=0.6, permutations=20,
                balanced_accuracy=area, films=60, patients=40,
            ),
        }
    )  # fmt: skip


def test_what_tells_the_class_and_is_no_lung_is_a_row_and_one_note() -> None:
    audit = (probe("rim", "warn", 0.91), probe("age", "waived", 0.85), probe("sex", "pass", 0.52))
    notes = ("all about rim", "waived by somebody: all about age", "random weights")
    text = screen(RESULT.model_copy(update={"audit": audit, "notes": notes}))
    assert "rim" in text
    assert "0.91 (0.81-0.91)" in text
    assert "sex" not in text
    assert "Note: 2 of 3 things that are no lung tell the classes apart" in text
    assert "Note: all about rim" not in text, "the row says it"
    assert "Note: waived by somebody: all about age" in text
    assert "Note: random weights" in text


def test_where_nothing_but_lungs_tells_the_class_one_line_says_so() -> None:
    text = screen(RESULT.model_copy(update={"audit": (probe("sex", "pass", 0.52),)}))
    assert "audit: none of 1 things that are no lung tells the classes apart" in text
