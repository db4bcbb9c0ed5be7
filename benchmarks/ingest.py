"""How ingest scales: films per second and memory of ManifestGen and XrayExampleGen, by films and by Beam workers.

::

    python benchmarks/ingest.py --films 2000,20000 --workers 1,2 --folder FOLDER

FOLDER keeps the drawn films (3 GB for 20,000) and the figures of every case that is done, so that a run that was
stopped goes on. A case is a process of its own (``ingest_case.py``), on films that have been read once before.
Writes ``ingest.json`` and ``ingest.md`` beside this file. Needs a machine that does nothing else.
"""

import argparse
import datetime
import importlib.metadata
import itertools
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from pipeline.digests import code_digest
from pipeline.sample.data_set import draw_data_set

HERE: Final = Path(__file__).parent
COMPONENTS: Final = {"manifest_gen": "ManifestGen", "xray_example_gen": "XrayExampleGen"}
PACKAGES: Final = ("tensorflow", "apache-beam", "tfx")
SEED: Final = 7
FILMS_PER_PATIENT: Final = 1.5
SAMPLES_PER_SECOND: Final = 5

Row = Mapping[str, Any]
Done = tuple[float, int]


def draw(folder: Path, films: int) -> Path:
    """Draws about ``films`` different films once; gives their folder."""
    place = folder / f"films-{films}"
    if not place.exists():
        print(f"drawing {films} films into {place}", file=sys.stderr)
        draw_data_set(place, patients=max(4, math.ceil(films / 2 / FILMS_PER_PATIENT)), seed=SEED)
    return place


def measure(folder: Path, films: int, workers: int) -> list[Row]:
    """One case: a row per component. What ``folder`` holds of the same case and code is not measured again."""
    code = "".join(code_digest(f"components.{component}.executor")[:8] for component in COMPONENTS)
    known = folder / f"ingest-{films}-{workers}-{code}.json"
    if known.exists():
        return json.loads(known.read_text(encoding="utf-8"))
    place = draw(folder, films)
    read_once(place)
    rows, _ = run(place, workers)
    known.write_text(json.dumps(rows), encoding="utf-8")
    return rows


def read_once(films: Path) -> None:
    """Reads every film, so that none comes from a disk later."""
    for file in films.rglob("*.*"):
        file.read_bytes()


def run(films: Path, workers: int, manifest: Path | None = None) -> tuple[list[Row], Sequence[Done]]:
    """One case in a process of its own: a row per component, and when each record file was done, with its films.

    Args:
        films: What :func:`draw` has drawn.
        workers: Processes of Beam.
        manifest: Folder of the films' manifest: made where it is missing, else taken, and ManifestGen does not run.
    """
    print(f"{films.name}, {workers} workers", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=films.parent) as scratch:
        command = [sys.executable, str(HERE / "ingest_case.py"), str(films), str(workers), scratch]
        command.append(str(manifest or Path(scratch, "manifest")))
        with psutil.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            memory = _watch(process)
            lines = [json.loads(line) for line in process.stdout.read().splitlines()]
    if process.returncode:
        raise SystemExit(f"the case of {films.name} and {workers} workers ended with {process.returncode}")
    made = lines.pop()
    rows = [
        {
            "component": COMPONENTS[line["component"]],
            "films": made["films"],
            "workers": workers,
            "seconds": round(line["end"] - line["begin"], 2),
            "cpu_seconds": round(line["cpu"], 2),
            "peak_mib": round(max(rss for at, rss in memory if line["begin"] <= at <= line["end"]) / 2**20),
        }
        for line in lines
    ]
    return rows, made["done"]


def steady_rate(done: Sequence[Done]) -> float:
    """Films per second of one run, without its start and without the end, when not every worker has work.

    Args:
        done: When each record file was done, in seconds, and how many films it holds. What counts is the time from the
            file that completes the first tenth of the films to the one that completes the ninth.
    """
    done = sorted(done)
    counts = list(itertools.accumulate(films for _, films in done))
    first = next(place for place, count in enumerate(counts) if count >= counts[-1] / 10)
    last = next(place for place, count in enumerate(counts) if count >= counts[-1] * 9 / 10)
    if first == last:
        raise ValueError(f"{len(done)} record files are too few to leave a tenth away at either end")
    return (counts[last] - counts[first]) / (done[last][0] - done[first][0])


def _watch(process: psutil.Popen) -> list[tuple[float, int]]:
    """Resident bytes of the process and all below it until it ends, pages that several share counted for each."""
    memory = []
    while process.poll() is None:
        resident = 0
        for one in (process, *process.children(recursive=True)):
            try:
                resident += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        memory.append((time.time(), resident))
        time.sleep(1 / SAMPLES_PER_SECOND)
    return memory


def compare(rows: Sequence[Row]) -> list[Row]:
    """What the cases say of each component: memory from fewest to most films, speed from fewest to most workers.

    In the steady state counts what the further films take, and so neither imports nor the start of workers.
    """
    compared = []
    for component in COMPONENTS.values():
        of = {(row["films"], row["workers"]): row for row in rows if row["component"] == component}
        sizes, workers = ([*dict.fromkeys(sorted(key[place] for key in of))] for place in (0, 1))
        few, many, one, most = sizes[0], sizes[-1], workers[0], workers[-1]

        def further(count: int, of: Mapping[Any, Row] = of, few: int = few, many: int = many) -> float:
            return (many - few) / (of[many, count]["seconds"] - of[few, count]["seconds"])

        result: dict[str, Any] = {"component": component, "films": sizes, "workers": workers}
        if many > few:
            result["memory"] = {count: of[many, count]["peak_mib"] / of[few, count]["peak_mib"] for count in workers}
            result["films_per_second"] = {count: further(count) for count in workers}
        if most > one:
            result["speed_up"] = of[many, one]["seconds"] / of[many, most]["seconds"]
            if many > few:
                result["speed_up_steady"] = further(most) / further(one)
        compared.append(result)
    return compared


def table(rows: Sequence[Row], compared: Sequence[Row], about: Mapping[str, str]) -> str:
    """The page ``ingest.md``."""
    lines = [
        "# Ingest: films and workers",
        "",
        f"{about['machine']}, {about['date']}; {about['versions']}.",
        "ManifestGen without its search for copies, which is one process's work and which `duplicates.py` measures.",
        "Drawn films of 0.1 to 0.7 megapixels, half PNG and half JPEG, read once before; records of 224 px. Seconds",
        "hold the start of Beam and of its worker processes; memory is the peak of all processes together. Each case",
        "ran once. `benchmarks/ingest.py` writes this page; its head has the command.",
        "",
        "| component | films | workers | seconds | CPU seconds | films/s | peak MiB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in sorted(rows, key=lambda row: (row["component"], row["films"], row["workers"])):
        numbers = (row["films"], row["workers"], row["seconds"], row["cpu_seconds"])
        cells = [row["component"], *numbers, f"{row['films'] / row['seconds']:.0f}", row["peak_mib"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    for result in compared:
        lines += ["", f"{result['component']}:", ""]
        sizes, workers = result["films"], result["workers"]
        for count, ratio in result.get("memory", {}).items():
            rate = result["films_per_second"][count]
            lines.append(
                f"- {count} worker{'s' * (count > 1)}: peak memory with {sizes[-1]} films {ratio:.2f} times that with "
                f"{sizes[0]}; {rate:.0f} films/s in the steady state (the further {sizes[-1] - sizes[0]} films)"
            )
        if "speed_up" in result:
            steady = f", {result['speed_up_steady']:.2f} times in the steady state" if "memory" in result else ""
            lines.append(
                f"- {workers[-1]} workers are {result['speed_up']:.2f} times as fast as {workers[0]} with their "
                f"start-up{steady}"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the cases and writes what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {"type": lambda text: sorted(map(int, text.split(",")))}
    parser.add_argument("--films", default=[2000, 20000], metavar="N,N", help="numbers of films", **numbers)
    parser.add_argument("--workers", default=[1, 2], metavar="N,N", help="numbers of Beam workers", **numbers)
    parser.add_argument("--folder", required=True, type=Path, help="keeps films and figures; outside the checkout")
    parser.add_argument("--output", default=HERE, type=Path, help="where ingest.json and ingest.md go")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for films in arguments.films:
        draw(folder, films)
    rows = [
        row for films in arguments.films for workers in arguments.workers for row in measure(folder, films, workers)
    ]
    about = {
        "machine": f"{len(os.sched_getaffinity(0))} cores",
        "date": datetime.date.today().isoformat(),
        "versions": ", ".join(
            [
                f"Python {platform.python_version()}",
                *(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES),
            ]
        ),
    }
    compared = compare(rows)
    arguments.output.mkdir(parents=True, exist_ok=True)
    figures = {**about, "cases": rows, "compared": compared}
    (arguments.output / "ingest.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    page = table(rows, compared, about)
    (arguments.output / "ingest.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
