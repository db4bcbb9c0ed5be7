"""The benchmark of the two audits, on a few films, and the page that docs/shortcuts.md quotes."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "shortcuts.py"


@pytest.fixture(scope="module")
def shortcuts() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("shortcuts", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "shortcuts", module)  # where dataclasses look for it
        spec.loader.exec_module(module)
        yield module


def test_the_data_audit_is_tried_with_every_seed(shortcuts: ModuleType) -> None:
    (row,) = shortcuts.try_data(8, (1, 2), ["pixel size"])
    assert (row["confounder"], row["patients"], len(row["stops"])) == ("pixel size", 8, 2)
    assert all(set(stops) <= {"shortcut_file_attributes"} for stops in row["stops"])


def test_a_model_is_tried_with_every_seed(shortcuts: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    few = shortcuts.Network("few epochs", 32, {"weights": "random", "epochs": 1, "feature_views": 1})
    monkeypatch.setitem(shortcuts.NETWORKS, "frozen", few)
    row = shortcuts.try_model("frozen", "letter", (3,), patients=16)
    (trial,) = row["trials"]
    assert (trial["seed"], trial["films"]) == (3, 48)
    assert 0 < trial["tested"] < 24
    value, low, high = trial["auc"]["original"]
    assert low <= value <= high


def test_the_page_that_is_kept_is_that_of_the_figures(shortcuts: ModuleType) -> None:
    figures = json.loads(SCRIPT.with_suffix(".json").read_text(encoding="utf-8"))
    page = SCRIPT.with_suffix(".md").read_text(encoding="utf-8")
    assert page == "\n".join(shortcuts.page(figures)) + "\n"
    assert "| nothing but the lungs | 32 | " in page
