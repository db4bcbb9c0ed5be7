"""Which copies of films are found, which films are wrongly joined, and what that costs.

::

    python benchmarks/duplicates.py [--films FOLDER] [--same FILE] [--drawn 300] [--scale 20000] [--only KIND]

Makes copies of the films below FOLDER (none: of drawn films) in memory, one of each film by each kind of
`alterations.KINDS`, and looks for them as ManifestGen does. First it lists what it finds among the films as they are:
look at those pairs, and name those that are copies in FILE, a line each with the beginnings of two files' SHA-256;
all others count as false. ``--scale`` plants copies among so many different drawn films. The thresholds were chosen on
drawn films of other seeds and on the films of FOLDER whose SHA-256 begins with 0 to 7; the others are "the other half".
Writes ``duplicates.json`` and ``duplicates.md`` beside this file, with no file name in them. An hour.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import itertools
import json
import math
import os
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from unittest import mock

import networkx
import numpy as np
from alterations import KINDS, Gray, gray_of

from components.manifest_gen.contents import FORMATS, contents_of, look_at
from components.manifest_gen.duplicates import copies as search
from components.manifest_gen.duplicates.copies import copies, groups
from components.manifest_gen.duplicates.fingerprint import Fingerprint, fingerprint_of
from pipeline.sample.anatomy import draw_film
from pipeline.sample.cohort import Case, FilmFile, draw_cohort
from pipeline.sample.data_set import draw_data_set
from trainer.statistics import wilson

HERE: Final = Path(__file__).parent
SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".gif", ".bmp"}
FILMS_PER_PATIENT: Final = 1.5
SCALED_SIDE: Final = 288  # pixels at which films are drawn for --scale: enough for their fingerprints, and quick
PLANTED: Final = 100

Row = Mapping[str, Any]


@dataclass
class Search:
    """What a search has found and cost."""

    numbers: list[int | None] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    compared: int = 0
    seconds: float = 0.0


def look_for(films: Sequence[tuple[str, Fingerprint | None]], pixels_of: Callable[[int], Gray]) -> Search:
    """Looks for copies, and counts the pairs of films that were opened."""
    found = Search()
    compare = search.likeness

    def counted(*arguments: Any) -> Any:
        found.compared += 1
        return compare(*arguments)

    with mock.patch.object(search, "likeness", counted):
        start = time.process_time()
        pairs = copies(films, pixels_of)
        found.seconds = time.process_time() - start
    found.numbers = groups(pairs, len(films))
    found.pairs = [(pair.a, pair.b) for pair in pairs]
    return found


class Films:
    """Films as files in memory, and which of them are known to be one picture."""

    def __init__(self, files: Sequence[bytes], same: Sequence[Sequence[str]] = ()) -> None:
        """Describes the films; `same` holds beginnings of SHA-256, two a line."""
        self.files = files
        self.described = [(one.sha256, one.fingerprint) for one in map(contents_of, files)]
        names = [digest for digest, _ in self.described]
        joined = networkx.utils.UnionFind(range(len(files)))
        for line in same:
            joined.union(*(next(i for i, name in enumerate(names) if name.startswith(start)) for start in line))
        self.picture = [joined[index] for index in range(len(files))]
        self.other_half = [int(name[0], 16) >= 8 for name in names]

    def measure(self, name: str, seed: int) -> Row:
        """Makes a copy of every film and looks for it among all films and all copies."""
        kind, count = KINDS[name], len(self.files)
        made = []
        for index, file in enumerate(self.files):
            rng = np.random.default_rng([seed, zlib.crc32(name.encode()), index])
            gray = gray_of(file)
            made.append([kind.copy(gray, rng) for _ in range(1 + kind.twice)])
        files = [pair[0] if kind.twice else file for pair, file in zip(made, self.files, strict=True)]
        films = [*files, *(pair[-1] for pair in made)]
        described = [(one.sha256, one.fingerprint) for one in map(contents_of, films)]
        found = look_for(described, lambda index: look_at(films[index]))
        hits = [
            found.numbers[index] is not None and found.numbers[index] == found.numbers[index + count]
            for index in range(count)
        ]
        return {
            "kind": name,
            "promised": kind.promised,
            **_rate("all", hits),
            **_rate("other", list(itertools.compress(hits, self.other_half))),
            "false": sum(self.picture[a % count] != self.picture[b % count] for a, b in found.pairs),
            "compared": found.compared,
            "seconds": round(found.seconds, 1),
        }

    def among_themselves(self) -> tuple[Row, list[tuple[int, int]]]:
        """What is found among the films as they are, and the pairs."""
        found = look_for(self.described, lambda index: look_at(self.files[index]))
        looks = [look_at(file) for file in self.files]
        start = time.process_time()
        for look in looks:
            fingerprint_of(look)
        each = (time.process_time() - start) / len(looks)
        false = sum(self.picture[a] != self.picture[b] for a, b in found.pairs)
        n = math.comb(len(self.files), 2) - sum(x == y for x, y in itertools.combinations(self.picture, 2))
        return {
            "films": len(self.files),
            "pairs": n,
            "copies": len(found.pairs) - false,
            "false": false,
            "false_at_most": wilson(false, n).high,
            "compared": found.compared,
            "describe_ms": round(1000 * each, 1),
            "seconds": round(found.seconds, 1),
        }, found.pairs


def _rate(which: str, hits: Sequence[bool]) -> Row:
    interval = wilson(sum(hits), len(hits))
    return {
        f"{which}_found": sum(hits),
        f"{which}_n": len(hits),
        f"{which}_low": interval.low,
        f"{which}_high": interval.high,
    }


def read_films(folder: Path) -> list[bytes]:
    """The films below a folder that can be decoded, each content once, in the order of their SHA-256."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and (data := path.read_bytes()):
            files[hashlib.sha256(data).hexdigest()] = data
    return [data for _, data in sorted(files.items()) if contents_of(data).format in FORMATS]


def draw_films(count: int, seed: int) -> list[bytes]:
    """About `count` different drawn films."""
    with tempfile.TemporaryDirectory() as scratch:
        draw_data_set(Path(scratch, "films"), patients=max(4, round(count / 2 / FILMS_PER_PATIENT)), seed=seed)
        return read_films(Path(scratch))


def measure_scale(count: int, seed: int) -> Row:
    """Plants cropped, scaled and re-encoded copies of some of `count` drawn films, and looks for them."""
    cases = draw_cohort(max(4, count), seed)  # more than enough patients; each has a film or more
    wanted = list(itertools.islice(((case, file) for case in cases for file in case.films), count))
    with ProcessPoolExecutor() as workers:
        prints = list(workers.map(_draw_and_describe, wanted, chunksize=20))
    rng = np.random.default_rng(seed)
    planted = sorted(rng.choice(count, PLANTED, replace=False).tolist())
    kind = replace(KINDS["cropped by 0 to 20 % at each side"], quality=(30, 70))
    copied = [look_at(kind.copy(_draw_small(*wanted[index]), rng)) for index in planted]
    films = [(str(index), one) for index, one in enumerate([*prints, *map(fingerprint_of, copied)])]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = look_for(films, lambda index: copied[index - count] if index >= count else _draw_small(*wanted[index]))
    hits = [
        found.numbers[film] is not None and found.numbers[film] == found.numbers[count + number]
        for number, film in enumerate(planted)
    ]
    true = {(film, count + number) for number, film in enumerate(planted)}
    return {
        "films": count,
        **_rate("all", hits),
        "false": sum(pair not in true for pair in found.pairs),
        "compared": found.compared,
        "seconds": round(found.seconds),
        "search_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024,
        "fingerprints_mb": sum(one.places.nbytes + one.codes.nbytes for one in prints) >> 20,
    }


def _draw_small(case: Case, file: FilmFile) -> Gray:
    scale = SCALED_SIDE / max(file.height, file.width)
    size = {"height": round(file.height * scale), "width": round(file.width * scale)}
    return draw_film(np.random.default_rng(file.stream), case.patient, view=file.view, opacities=case.opacities, **size)


def _draw_and_describe(film: tuple[Case, FilmFile]) -> Fingerprint:
    return fingerprint_of(_draw_small(*film))


def _percent(row: Row, which: str) -> str:
    low, high = (100 * row[f"{which}_{end}"] for end in ("low", "high"))
    return f"{row[f'{which}_found']} / {row[f'{which}_n']} | {low:.1f} to {high:.1f}"


def page(figures: Mapping[str, Any]) -> Iterator[str]:
    """The lines of ``duplicates.md``."""
    yield "# Copies of films: which are found"
    yield ""
    yield f"{figures['about']}. `benchmarks/duplicates.py` writes this page; its head has the"
    yield "command. Intervals are Wilson's, 95 %. Compared: pairs of films that were opened and laid on one another."
    yield "Seconds are of one core, decoding what is compared included. Of every film one copy is made by each kind."
    for name, part in figures["sets"].items():
        alone = part["alone"]
        yield ""
        yield f"## {name}: {alone['films']} films"
        yield ""
        most = f"{1e6 * alone['false_at_most']:.0f} in a million"
        yield f"Among themselves: {alone['copies']} true pairs are joined,"
        yield f"and of {alone['pairs']:,} pairs of different films {alone['false']}, at most {most}."
        yield f"{alone['compared']} were compared;"
        yield f"{alone['describe_ms']} ms to describe a film, {alone['seconds']} s to search."
        yield ""
        yield "| copies | found | % | the other half | % | false pairs | compared | s |"
        yield "|---|---:|---:|---:|---:|---:|---:|---:|"
        for row in part["kinds"]:
            mark = "" if row["promised"] else " *"
            cells = f"{row['false']} | {row['compared']} | {row['seconds']}"
            yield f"| {row['kind']}{mark} | {_percent(row, 'all')} | {_percent(row, 'other')} | {cells} |"
        yield ""
        yield "\\* not promised; measured to say how far it goes."
    if figures["scale"]:
        yield ""
        yield "## Many films"
        yield ""
        yield f"Drawn, different, with {PLANTED} copies planted among them: cropped by 0 to 20 % at each side, JPEG of"
        yield "quality 30 to 70."
        yield ""
        yield "| films | found | % | false pairs | compared | search s | search MB | fingerprints MB |"
        yield "|---:|---:|---:|---:|---:|---:|---:|---:|"
        for row in figures["scale"]:
            cells = " | ".join(
                str(row[key]) for key in ("false", "compared", "seconds", "search_mb", "fingerprints_mb")
            )
            yield f"| {row['films']} | {_percent(row, 'all')} | {cells} |"


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=Path, help="folder of films of your own")
    parser.add_argument("--same", type=Path, help="file of known copies among them")
    parser.add_argument("--drawn", type=int, default=300, help="so many drawn films; 0: none")
    parser.add_argument("--scale", default="", help="so many films in one search, for instance 2000,20000")
    parser.add_argument("--only", choices=KINDS, action="append", help="this kind only; may be repeated")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", default=HERE, type=Path, help="where duplicates.json and duplicates.md go")
    arguments = parser.parse_args()
    sets = {}
    if arguments.films:
        lines = arguments.same.read_text(encoding="utf-8").splitlines() if arguments.same else []
        sets["Published films"] = Films(read_films(arguments.films), [line.split() for line in lines if line.strip()])
    if arguments.drawn:
        sets["Drawn films"] = Films(draw_films(arguments.drawn, arguments.seed))
    figures: dict[str, Any] = {"about": "", "sets": {}, "scale": []}
    for name, films in sets.items():
        alone, pairs = films.among_themselves()
        for a, b in pairs:
            known = films.picture[a] == films.picture[b]
            print(films.described[a][0][:16], films.described[b][0][:16], "" if known else "judge it", file=sys.stderr)
        rows = []
        for kind in arguments.only or KINDS:
            rows.append(films.measure(kind, arguments.seed))
            print(name, rows[-1], file=sys.stderr)
        figures["sets"][name] = {"alone": alone, "kinds": rows}
    for count in filter(None, arguments.scale.split(",")):
        figures["scale"].append(measure_scale(int(count), arguments.seed))
        print(figures["scale"][-1], file=sys.stderr)
    cores = len(os.sched_getaffinity(0))
    versions = f"opencv {importlib.metadata.version('opencv-python-headless')}"
    figures["about"] = f"{cores} cores, {datetime.date.today().isoformat()}, {versions}, seed {arguments.seed}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "duplicates.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    text = "\n".join(page(figures)) + "\n"
    (arguments.output / "duplicates.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
