"""Which films the hashes that are kept with a model know again, and which they take for others.

::

    python benchmarks/film_hashes.py [--films FOLDER] [--patients 70] [--seed 12]

Draws films, encodes each anew and scales it, and asks `trainer.film_hashes` whether the changed film is the film:
recall. Asks the same of every two different films, of one patient and of two: false alarms. With FOLDER also of the
films there, laid out as the profile ``covid_chestxray`` wants it, of all views; of them only sums are kept. The bound
was chosen on drawn films of seed 11 and on the films of FOLDER whose SHA-256 begins with 0 to 7; of FOLDER only the
others count here, and pairs with at least one of them. Copies that ManifestGen finds among the films are no two films.
Writes ``film_hashes.json`` and ``film_hashes.md`` beside this file. Five minutes.
"""

import argparse
import datetime
import importlib.metadata
import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from alterations import Gray, gray_of
from PIL import Image

from components.manifest_gen.build import build_manifest
from components.manifest_gen.rows import ManifestRow
from pipeline.sample.data_set import draw_data_set
from pipeline.settings import load_settings
from trainer.features import VIEWS
from trainer.film_hashes import LOOK_BYTES, MOST_BITS, look_of
from trainer.preprocessing import film_to_image
from trainer.statistics import wilson

HERE: Final = Path(__file__).parent
SIZES: Final = (224, 64, 32)
LONGEST: Final = 3000  #: pixels; nothing larger is published
KEY: Final = b"of a benchmark, and kept nowhere"
ONE_PATIENT, TWO_PATIENTS = "one patient", "two patients"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """What happens to a film: scales from and to, and qualities of the JPEG from and to; no qualities: a PNG."""

    scales: tuple[float, float] = (1.0, 1.0)
    qualities: tuple[int, int] | None = None

    def __call__(self, gray: Gray, rng: np.random.Generator) -> bytes:
        """The file of the changed film."""
        scale = min(rng.uniform(*self.scales), max(1.0, LONGEST / max(gray.shape)))
        height, width = gray.shape
        image = Image.fromarray(gray).resize(
            (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BICUBIC
        )
        stream = io.BytesIO()
        if self.qualities:
            image.save(stream, "JPEG", quality=int(rng.integers(self.qualities[0], self.qualities[1] + 1)))
        else:
            image.save(stream, "PNG", compress_level=1)
        return stream.getvalue()


CHANGES: Final[Mapping[str, Change]] = {
    "JPEG, quality 40 to 95": Change(qualities=(40, 95)),
    "scaled by 0.5 to 2": Change(scales=(0.5, 2.0)),
    "scaled by 0.5 to 2, JPEG, quality 40 to 95": Change((0.5, 2.0), (40, 95)),
}


class Films:
    """Films with the looks of their records at several sizes.

    Args:
        rows: The films.
        counted: bool [n], which of them count.
    """

    def __init__(self, rows: Sequence[ManifestRow], counted: np.ndarray) -> None:
        self.rows, self.counted = rows, counted
        self.convert = {
            size: tf.function(lambda film, size=size: film_to_image(film, size), autograph=False) for size in SIZES
        }
        self.looks = {size: self._looks([Path(row.path).read_bytes() for row in rows], size) for size in SIZES}

    def changed(self, name: str, seed: int) -> list[Row]:
        """How many films are known again after a change, a row per size."""
        files = [
            CHANGES[name](gray_of(Path(row.path).read_bytes()), np.random.default_rng([seed, index]))
            for index, row in enumerate(self.rows)
            if self.counted[index]
        ]
        rows = []
        for size in SIZES:
            bits = (self._looks(files, size) != self.looks[size][self.counted]).sum(axis=1)
            found = int((bits <= MOST_BITS).sum())
            interval = wilson(found, len(bits))
            rows.append(
                {
                    "change": name, "size": size, "found": found, "n": len(bits), "low": interval.low,
                    "high": interval.high, "median": float(np.median(bits)), "most": int(bits.max()),
                }
            )  # fmt: skip
        return rows

    def apart(self) -> list[Row]:
        """How many pairs of different films are taken for one, a row per size and relation."""
        first, second = np.triu_indices(len(self.rows), 1)
        patients, groups = (np.array([getattr(row, name) for row in self.rows]) for name in ("patient_id", "group"))
        copies = (groups[first] == groups[second]) & (groups[first] != "")
        kept = ~copies & (self.counted[first] | self.counted[second])
        first, second = first[kept], second[kept]
        of_one = patients[first] == patients[second]
        rows = []
        for size in SIZES:
            bits = (self.looks[size][first] != self.looks[size][second]).sum(axis=1)
            for relation, chosen in ((TWO_PATIENTS, ~of_one), (ONE_PATIENT, of_one)):
                alarms, n = int((bits[chosen] <= MOST_BITS).sum()), int(chosen.sum())
                rows.append(
                    {
                        "relation": relation, "size": size, "alarms": alarms, "n": n,
                        "high": wilson(alarms, n).high, "least": int(bits[chosen].min()) if n else None,
                    }
                )  # fmt: skip
        return rows

    def _looks(self, files: Sequence[bytes], size: int) -> np.ndarray:
        images = (self.convert[size](tf.constant(file)).numpy()[..., 0] for file in files)
        looks = np.frombuffer(b"".join(map(look_of, images)), np.uint8).reshape(-1, LOOK_BYTES)
        return np.unpackbits(looks, axis=1).astype(bool)


def films_of(profile: str, folder: Path) -> list[ManifestRow]:
    """The films that a profile finds in a folder, of all views, each content once."""
    views = ", ".join(VIEWS)
    data = load_settings(profile, None, [f"data.root={folder}", f"data.views=[{views}]"]).data
    rows = {row.sha256: row for row in build_manifest(data, None, KEY, folder).rows if row.format != "DICOM"}
    return [row for _, row in sorted(rows.items()) if row.width]


def measure(films: Films, seed: int) -> dict[str, list[Row]]:
    """Recall and false alarms."""
    return {"changed": [row for name in CHANGES for row in films.changed(name, seed)], "apart": films.apart()}


def page(sets: Mapping[str, Mapping[str, Sequence[Row]]], about: str) -> str:
    """The page ``film_hashes.md``."""
    lines = [
        "# Films known again by their hashes",
        "",
        f"{about}. Two looks are of one film if they differ in at most {MOST_BITS} of {8 * LOOK_BYTES} bits. Intervals",
        "are Wilson's, 95 %. Pairs share films, so the interval of the pairs is narrower than what is known. Identical",
        "files and identical pixels need no look; cropped and mirrored copies have another one.",
        "`benchmarks/film_hashes.py` writes this page; its head has the command and says on which films the bound was",
        "chosen.",
    ]
    for name, figures in sets.items():
        lines += ["", f"## {name}", "", "| change | record, px | known again | 95 % interval | bits, median | most |"]
        lines += ["|---|---:|---:|---:|---:|---:|"]
        lines += [
            f"| {row['change']} | {row['size']} | {row['found']} / {row['n']} | {100 * row['low']:.1f} to "
            f"{100 * row['high']:.1f} % | {row['median']:.0f} | {row['most']} |"
            for row in figures["changed"]
        ]
        lines += ["", "| different films, of | record, px | taken for one | at most | bits, least |"]
        lines += ["|---|---:|---:|---:|---:|"]
        lines += [
            f"| {row['relation']} | {row['size']} | {row['alarms']} / {row['n']} pairs | {100 * row['high']:.3f} % | "
            f"{'–' if row['least'] is None else row['least']} |"
            for row in figures["apart"]
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=Path, help="folder of further films")
    parser.add_argument("--patients", type=int, default=70, help="drawn per class")
    parser.add_argument("--seed", type=int, default=12, help="of the drawn films and of the changes")
    parser.add_argument("--output", default=HERE, type=Path, help="where film_hashes.json and film_hashes.md go")
    arguments = parser.parse_args()
    sets = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "films")
        draw_data_set(folder, patients=arguments.patients, seed=arguments.seed)
        rows = films_of("sample", folder)
        sets[f"Drawn, {len(rows)} films"] = measure(Films(rows, np.ones(len(rows), bool)), arguments.seed)
    if arguments.films:
        rows = films_of("covid_chestxray", arguments.films.resolve())
        other = np.array([int(row.sha256[0], 16) >= 8 for row in rows], bool)
        sets[f"Published, {other.sum()} of {len(rows)} films"] = measure(Films(rows, other), arguments.seed)
    version = importlib.metadata.version("tensorflow")
    about = f"{datetime.date.today().isoformat()}, tensorflow {version}, seed {arguments.seed}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    figures = json.dumps({"about": about, "bits": MOST_BITS, "sets": sets}, indent=2)
    (arguments.output / "film_hashes.json").write_text(figures + "\n", encoding="utf-8")
    text = page(sets, about)
    (arguments.output / "film_hashes.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
