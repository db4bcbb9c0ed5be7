"""The load test of ``benchmarks/serving_load.py``, for some seconds, and for a minute."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "serving_load.py"


@pytest.fixture(scope="module")
def serving_load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("serving_load", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.e2e)])
def test_under_load_and_two_swaps_no_request_is_lost_and_no_answer_wrong(
    serving_load: ModuleType, seconds: float
) -> None:
    figures = serving_load.load(seconds, connections=8, model=None, sides={64: 4, 300: 4, 1000: 1}, per_side=2)
    assert figures["lost"] == []
    assert figures["wrong"] == []
    assert figures["requests"] > 24  # three for each connection, on a machine that does other things too
    assert figures["versions"] == [1, 2, 3]
    memory = figures["megabytes_settled"]
    assert (
        memory["last"] - memory["first"] < 250
    )  # two versions and their threads' arenas; the long form shows flatness
    assert figures["exit_code"] == 0
    assert "lost requests" in serving_load.table(figures)
