"""What it saves, and what it costs, that large JPEGs are made smaller while they are decoded.

::

    python benchmarks/decoding.py [--films FOLDER]

Draws films of five sizes, encodes them as JPEG and turns them into images of 224 px: as `trainer.preprocessing` does
it, and with its scaling switched off. With FOLDER also the JPEGs there, of which only sums are kept. Writes
``decoding.json`` and ``decoding.md`` beside this file. A minute; needs a machine that does nothing else.
"""

import argparse
import datetime
import importlib.metadata
import io
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image

from pipeline.sample.anatomy import Patient, draw_film
from trainer import preprocessing

HERE: Final = Path(__file__).parent
IMAGE_SIZE: Final = 224
SIDES: Final = (700, 1000, 2000, 3000, 4000)
FILMS_PER_SIDE: Final = 8
SEED: Final = 7
REPEATS: Final = 3

Convert = Callable[[tf.Tensor], tf.Tensor]


def draw(side: int, number: int) -> bytes:
    """A drawn film as JPEG of quality 90, in colour as most published films are; ``side`` is the shorter."""
    rng = np.random.default_rng([SEED, side, number])
    height, width = (side, side * 6 // 5) if number % 2 else (side * 6 // 5, side)
    film = draw_film(rng, Patient.draw(rng), view="PA", opacities=bool(number % 4 < 2), height=height, width=width)
    stream = io.BytesIO()
    Image.fromarray(film).convert("RGB").save(stream, "JPEG", quality=90)
    return stream.getvalue()


def converter(left_to_average: int) -> Convert:
    """``film_to_image`` as a graph that leaves so many image sides of a scaled film."""

    def convert(film: tf.Tensor) -> tf.Tensor:
        before = preprocessing.LEFT_TO_AVERAGE
        preprocessing.LEFT_TO_AVERAGE = left_to_average  # read while the graph is made
        try:
            return preprocessing.film_to_image(film, IMAGE_SIZE)
        finally:
            preprocessing.LEFT_TO_AVERAGE = before

    return tf.function(convert, input_signature=[tf.TensorSpec([], tf.string)], autograph=False)


def measure(name: str, films: Iterable[bytes], full: Convert, scaled: Convert) -> Mapping[str, Any] | None:
    """Milliseconds per film both ways, and how far the images are apart in grey levels; None without films."""
    times, differences, shifts = [], [], []
    for film in films:
        content = tf.constant(film)
        whole, small = (convert(content).numpy().astype(float) for convert in (full, scaled))
        times.append([min(_seconds(convert, content) for _ in range(REPEATS)) for convert in (full, scaled)])
        differences.append(np.abs(small - whole).mean())
        shifts.append((small - whole).mean())
    if not times:
        return None
    milliseconds = 1000 * np.mean(times, axis=0)
    return {
        "films": name,
        "n": len(times),
        "full_ms": round(milliseconds[0], 1),
        "scaled_ms": round(milliseconds[1], 1),
        "difference": round(float(np.mean(differences)), 3),
        "half_interval": round(1.96 * float(np.std(differences)) / math.sqrt(len(times)), 3),
        "most": round(float(np.max(differences)), 2),
        "shift": round(float(np.mean(shifts)), 3),
    }


def _seconds(convert: Convert, content: tf.Tensor) -> float:
    start = time.perf_counter()
    convert(content).numpy()
    return time.perf_counter() - start


def large_jpegs(folder: Path, fewest: int, most: int) -> list[bytes]:
    """The JPEGs below a folder whose shorter side lies in the range, in pixels."""
    contents = [file.read_bytes() for file in sorted(folder.rglob("*")) if file.suffix.lower() in (".jpg", ".jpeg")]
    return [film for film in contents if fewest <= min(Image.open(io.BytesIO(film)).size) < most]


def table(rows: Sequence[Mapping[str, Any]], about: str) -> str:
    """The page ``decoding.md``."""
    lines = [
        "# Large JPEGs, decoded in full and scaled",
        "",
        f"{about}. From the bytes of a file to an image of {IMAGE_SIZE} px, the best of {REPEATS} times. The",
        "difference is the mean over pixels and then over films, in grey levels of 255, with its 95 % interval; the",
        "shift is its signed mean. `benchmarks/decoding.py` writes this page; its head has the command.",
        "",
        "| films, shorter side | n | full ms | scaled ms | times as fast | difference | largest | shift |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        difference = f"{row['difference']:.2f} ± {row['half_interval']:.2f}"
        faster = f"{row['full_ms'] / row['scaled_ms']:.1f}"
        cells = [*(row[key] for key in ("films", "n", "full_ms", "scaled_ms")), faster, difference, row["most"]]
        lines.append(f"| {' | '.join(map(str, cells))} | {row['shift']:+.2f} |")
    lines += [
        "",
        "Both ways with accurate integers: TensorFlow's default would make whole films half a grey level too dark",
        "and scaled ones not, so that brightness told large films from small ones. Films below four image sides are",
        "decoded in full either way.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=Path, help="folder of further JPEGs")
    parser.add_argument("--output", default=HERE, type=Path, help="where decoding.json and decoding.md go")
    arguments = parser.parse_args()
    full, scaled = converter(100_000), converter(preprocessing.LEFT_TO_AVERAGE)
    groups = {f"drawn, {side} px": [draw(side, number) for number in range(FILMS_PER_SIDE)] for side in SIDES}
    if arguments.films:
        for fewest, most in ((896, 1792), (1792, 3584), (896, 100_000)):
            name = f"published, {fewest} px" + (f" to {most - 1} px" if most < 100_000 else " and more")
            groups[name] = large_jpegs(arguments.films, fewest, most)
    rows = [row for name, films in groups.items() if (row := measure(name, films, full, scaled)) is not None]
    versions = f"tensorflow {importlib.metadata.version('tensorflow')}"
    about = f"{len(os.sched_getaffinity(0))} cores, {datetime.date.today().isoformat()}, {versions}, seed {SEED}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    figures = json.dumps({"about": about, "rows": rows}, indent=2)
    (arguments.output / "decoding.json").write_text(figures + "\n", encoding="utf-8")
    page = table(rows, about)
    (arguments.output / "decoding.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
