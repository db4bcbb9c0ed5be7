"""Claims 2 and 3: what they make of their runs, and in which order these are."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.claim import Effort
from benchmarks.claims import ingest_workers
from benchmarks.claims.ingest_workers import Run, measure, rows_of
from components.files import MANIFEST_FILE


def run(films: int, seconds: float, peak: float) -> Run:
    """A run whose record files, of 100 films each, are done at equal intervals after ten seconds of start."""
    files = films // 100
    return Run(films, seconds, peak, [(10 + (seconds - 10) * number / files, 100) for number in range(1, files + 1)])


def test_speed_is_told_with_and_without_the_start_and_memory_against_fewer_films() -> None:
    runs = {
        (1000, 1): [run(1000, 12, 800), run(1000, 12, 1000)],
        (5000, 1): [run(5000, 60, 880), run(5000, 110, 1000)],
        (1000, 2): [run(1000, 12, 2000), run(1000, 12, 2000)],
        (5000, 2): [run(5000, 30, 2500), run(5000, 60, 2000)],
    }
    steady, with_start, one, two = rows_of(runs, 1000, 5000)
    assert steady.values == pytest.approx((2.5, 2))
    assert with_start.values == pytest.approx((2, 110 / 60))
    assert one.values == pytest.approx((1.1, 1))
    assert two.values == pytest.approx((1.25, 1))
    assert (one.met, two.met, steady.claim, one.claim) == (True, True, 2, 3)
    assert (steady.ours, with_start.peer, two.peer) == ("175 films/s", "85 s", "2000 MiB")
    assert two.what == "peak memory of XrayExampleGen alone, 2 workers, 5000 drawn films, n = 2"


def test_runs_are_measured_in_turn_on_one_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def case(films: Path, workers: int, manifest: Path) -> tuple[list[dict[str, Any]], list[tuple[float, int]]]:
        new = not manifest.exists()
        manifest.mkdir(exist_ok=True)
        (manifest / MANIFEST_FILE).touch()
        asked.append((films.name, workers, new))
        count = int(films.name)
        return [{"films": count, "seconds": 20.0, "peak_mib": 900}], run(count, 20, 900).done  # type: ignore[return-value]

    def draw(folder: Path, films: int) -> Path:
        place = folder / str(films)
        place.mkdir()
        return place

    monkeypatch.setattr(ingest_workers, "run", case)
    monkeypatch.setattr(ingest_workers, "draw", draw)
    monkeypatch.setattr(ingest_workers, "FULL", (1000, 3000, 2))
    rows = measure(Effort(quick=False, real=None, scratch=tmp_path))
    assert [(row.claim, len(row.values)) for row in rows] == [(2, 2), (2, 2), (3, 2), (3, 2)]
    turns = [(films, workers) for films in ("1000", "3000") for workers in (1, 2)]
    assert asked == [("1000", 2, True), ("3000", 2, True), *((*turn, False) for turn in [*turns, *turns[::-1]])]
