"""The benchmark of ingest: what it makes of its figures, and that it runs."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "ingest.py"
ABOUT = {"machine": "2 cores", "date": "2026-01-02", "versions": "Python 3.10"}


@pytest.fixture(scope="module")
def ingest() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ingest", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(films: int, workers: int, seconds: float, peak: int, component: str = "XrayExampleGen") -> dict[str, object]:
    return {
        "component": component, "films": films, "workers": workers, "seconds": seconds, "cpu_seconds": seconds,
        "peak_mib": peak,
    }  # fmt: skip


@pytest.fixture
def rows() -> list[dict[str, object]]:
    times = [row(1000, 1, 12, 800), row(11000, 1, 112, 840), row(1000, 2, 15, 2000), row(11000, 2, 65, 2200)]
    return [*times, *({**one, "component": "ManifestGen"} for one in times)]


def test_the_steady_state_counts_the_further_films_alone(ingest: ModuleType, rows: list[dict[str, object]]) -> None:
    of_manifest_gen, of_example_gen = ingest.compare(rows)
    assert of_manifest_gen == {**of_example_gen, "component": "ManifestGen"}
    assert of_example_gen["films_per_second"] == {1: 100, 2: 200}
    assert of_example_gen["speed_up_steady"] == 2
    assert of_example_gen["speed_up"] == pytest.approx(112 / 65)
    assert of_example_gen["memory"] == {1: 1.05, 2: 1.1}


def test_the_page_holds_every_case_and_what_they_say(ingest: ModuleType, rows: list[dict[str, object]]) -> None:
    page = ingest.table(rows, ingest.compare(rows), ABOUT)
    assert "| XrayExampleGen | 11000 | 2 | 65 | 65 | 169 | 2200 |" in page
    assert (
        "- 1 worker: peak memory with 11000 films 1.05 times that with 1000; 100 films/s in the steady state "
        "(the further 10000 films)"
    ) in page
    assert "- 2 workers are 1.72 times as fast as 1 with their start-up, 2.00 times in the steady state" in page


def test_one_size_and_one_number_of_workers_can_be_measured_alone(ingest: ModuleType) -> None:
    rows = [row(1000, 1, 12, 800), row(1000, 1, 12, 800, "ManifestGen")]
    assert "12" in ingest.table(rows, ingest.compare(rows), ABOUT)


def test_the_steady_rate_leaves_out_the_start_and_the_end(ingest: ModuleType) -> None:
    done = [(100.0 + second, 10) for second in range(10)]
    assert ingest.steady_rate(done) == 10
    assert ingest.steady_rate([*reversed(done[1:]), (20.0, 0), (30.0, 10), (500.0, 1)]) == 10
    with pytest.raises(ValueError, match="3 record files are too few"):
        ingest.steady_rate([(1.0, 12), (2.0, 0), (3.0, 1)])


@pytest.mark.e2e
def test_it_measures_once_and_then_reads_what_it_measured(tmp_path: Path) -> None:
    command = [sys.executable, SCRIPT, "--films", "12", "--workers", "2", "--folder", tmp_path, "--output", tmp_path]
    first = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    figures = json.loads((tmp_path / "ingest.json").read_text())
    assert {case["component"] for case in figures["cases"]} == {"ManifestGen", "XrayExampleGen"}
    assert all(case["films"] == 10 and case["seconds"] > 0 and case["peak_mib"] > 100 for case in figures["cases"])
    assert (tmp_path / "ingest.md").read_text() in first.stdout
    second = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    assert second.stderr == ""
    assert json.loads((tmp_path / "ingest.json").read_text())["cases"] == figures["cases"]
