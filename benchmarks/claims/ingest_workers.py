"""Claims 2 and 3: XrayExampleGen with two Beam workers against one, and its memory with ten times the films."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.claim import Effort, Goal, Row
from benchmarks.ingest import Done, draw, read_once, run, steady_rate
from components.files import MANIFEST_FILE

STEADY: Final = Goal(way="at least", bound=1.7)
WITH_START: Final = Goal(way="at least", bound=1.5)
FLAT: Final = Goal(way="at most", bound=1.2)
WORKERS: Final = (1, 2)
UNTIMED: Final = (
    "No run is made untimed first but that which makes a missing manifest; every run is a process of its own, on films "
    "that have been read once."
)
#: Few films, many films, and how often each is measured.
QUICK: Final = (60, 400, 1)
FULL: Final = (2000, 20_000, 5)


@dataclass(frozen=True)
class Run:
    """One run of XrayExampleGen: seconds of all, peak memory in MiB, and when record files were done."""

    films: int
    seconds: float
    peak_mib: float
    done: Sequence[Done]

    @property
    def rate(self) -> float:
        """Films per second in the steady state."""
        return steady_rate(self.done)


def measure(effort: Effort) -> list[Row]:
    """Runs of many and of few films in turn, with one worker and with two, the order turned in every second round."""
    few, many, rounds = QUICK if effort.quick else FULL
    places = {films: draw(effort.scratch, films) for films in (few, many)}
    manifests = {films: effort.scratch / f"manifest-{films}" for films in places}
    for films, place in places.items():
        read_once(place)
        if not (manifests[films] / MANIFEST_FILE).exists():
            print(f"manifest of {films} films", file=sys.stderr)
            run(place, 1 if effort.quick else 2, manifests[films])
    runs: dict[tuple[int, int], list[Run]] = {(films, workers): [] for films in (few, many) for workers in WORKERS}
    for number in range(rounds):
        for films, workers in sorted(runs, reverse=bool(number % 2)):
            runs[films, workers].append(one_run(places[films], workers, manifests[films]))
    return rows_of(runs, few, many)


def one_run(films: Path, workers: int, manifest: Path) -> Run:
    """XrayExampleGen once, in a process of its own."""
    (row,), done = run(films, workers, manifest)
    return Run(row["films"], row["seconds"], row["peak_mib"], done)


def rows_of(runs: Mapping[tuple[int, int], Sequence[Run]], few: int, many: int) -> list[Row]:
    """What the runs say.

    Args:
        runs: (films, workers) -> one run per round.
        few: The smaller number of films.
        many: The larger.
    """
    one, two = runs[many, 1], runs[many, 2]
    shared: dict[str, Any] = {"claim": 2, "against": "one worker, in one process", "unit": "x as fast"}
    films = f"{one[0].films} drawn films, n = {len(one)}"
    speeds = [
        Row(
            what=f"XrayExampleGen with two Beam workers, steady state, {films}",
            values=tuple(b.rate / a.rate for a, b in zip(one, two, strict=True)),
            goal=STEADY,
            ours=f"{statistics.median(b.rate for b in two):.0f} films/s",
            peer=f"{statistics.median(a.rate for a in one):.0f} films/s",
            note="From one tenth of the films done to nine, by the times at which record files are done. " + UNTIMED,
            **shared,
        ),
        Row(
            what=f"XrayExampleGen with two Beam workers, with their start, {films}",
            values=tuple(a.seconds / b.seconds for a, b in zip(one, two, strict=True)),
            goal=WITH_START,
            ours=f"{statistics.median(b.seconds for b in two):.0f} s",
            peer=f"{statistics.median(a.seconds for a in one):.0f} s",
            note="Every worker process imports Beam and TensorFlow anew, on cores that could decode films. " + UNTIMED,
            **shared,
        ),
    ]
    return [*speeds, *(_memory(workers, runs[few, workers], runs[many, workers]) for workers in WORKERS)]


def _memory(workers: int, few: Sequence[Run], many: Sequence[Run]) -> Row:
    return Row(
        claim=3,
        what=f"peak memory of XrayExampleGen alone, {workers} worker{'s' * (workers > 1)}, "
        f"{many[0].films} drawn films, n = {len(many)}",
        against=f"{few[0].films} drawn films",
        unit="x the memory",
        values=tuple(b.peak_mib / a.peak_mib for a, b in zip(few, many, strict=True)),
        goal=FLAT,
        ours=f"{statistics.median(b.peak_mib for b in many):.0f} MiB",
        peer=f"{statistics.median(a.peak_mib for a in few):.0f} MiB",
        note="All processes together, shared pages counted for each; what grows are the rows of the manifest. "
        "ManifestGen is not watched: its search for copies grows with the films (benchmarks/duplicates.md). " + UNTIMED,
    )
