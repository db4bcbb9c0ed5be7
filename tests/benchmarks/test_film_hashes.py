"""The benchmark of the films' hashes, on a few drawn films."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "film_hashes.py"


@pytest.fixture(scope="module")
def benchmark() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("benchmark_of_film_hashes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPT.parent))
        patch.setitem(sys.modules, spec.name, module)  # where dataclasses look for it
        patch.setattr(sys, "dont_write_bytecode", True)
        spec.loader.exec_module(module)
        patch.setattr(module, "SIZES", (64,))
        yield module


def test_changed_films_are_counted_and_pairs_by_patient(benchmark: ModuleType, films: Path) -> None:
    rows = benchmark.films_of("sample", films)
    patients = {row.patient_id for row in rows}
    some = [row for row in rows if row.patient_id in sorted(patients)[:6]]
    counted = np.arange(len(some)) != 0
    figures = benchmark.measure(benchmark.Films(some, counted), seed=1)
    n = len(some)
    assert [(row["found"], row["n"]) for row in figures["changed"]] == [(n - 1, n - 1)] * len(benchmark.CHANGES)
    two, one = figures["apart"]
    assert two["n"] + one["n"] == n * (n - 1) // 2, "a pair counts if one of its films does"
    assert two["alarms"] == 0
    assert two["least"] > 22
    page = benchmark.page({"Drawn": figures}, "2026-01-02")
    assert f"| scaled by 0.5 to 2 | 64 | {n - 1} / {n - 1} |" in page
    assert f"| two patients | 64 | 0 / {two['n']} pairs |" in page


def test_films_that_are_copies_are_no_pair(benchmark: ModuleType, films: Path) -> None:
    from dataclasses import replace

    first, second, *_ = benchmark.films_of("sample", films)
    copied = [replace(first, group="a"), replace(second, group="a")]
    apart = benchmark.Films(copied, np.ones(2, bool)).apart()
    assert [row["n"] for row in apart] == [0, 0]
    assert "None" not in benchmark.page({"x": {"changed": [], "apart": apart}}, "")
