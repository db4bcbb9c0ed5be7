"""Claim 1: from a film's file to its record on one core, against Pillow, and how near the image is to a full decode."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.claim import Effort, Goal, Row
from benchmarks.feature_cache import rows_of
from benchmarks.ingest import draw
from benchmarks.pairs import take_pairs
from components.manifest_gen.manifest import ManifestRow
from components.xray_example_gen.records import film_to_record
from pipeline.settings import load_settings
from trainer import features

SIDE: Final = 224
SPEED: Final = Goal(way="at least", bound=1.4)
DIFFERENCE: Final = Goal(way="at most", bound=1)
AGREES: Final = "tests/trainer/test_export.py::test_bytes_and_records_give_the_scores_of_the_core"


def measure(effort: Effort) -> list[Row]:
    """Speed and difference: on real films where there are any, and on drawn ones."""
    films = {"drawn": films_of("sample", draw(effort.scratch, 60 if effort.quick else 200))}
    if effort.real is not None:
        films = {"real": films_of("covid_chestxray", effort.real)[:: 3 if effort.quick else 1], **films}
    with one_core():
        return [
            row for what, rows in films.items() for row in (speed(what, rows, effort.pairs), difference(what, rows))
        ]


def films_of(profile: str, root: Path) -> Sequence[ManifestRow]:
    """The films in a folder, as a run of the profile takes them."""
    return rows_of(load_settings(profile, None, [f"data.root={root}"]))


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Holds this process, and what threads TensorFlow makes from now on, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def speed(what: str, rows: Sequence[ManifestRow], pairs: int) -> Row:
    """Films per second, ours over Pillow's."""
    classes = tuple({row.label: None for row in rows})

    def ours() -> None:
        for row in rows:
            record = film_to_record(row, classes, SIDE)
            assert isinstance(record, tf.train.Example), record
            record.SerializeToString(deterministic=True)

    def peer() -> None:
        for row in rows:
            with Image.open(row.path) as film:
                film.convert("L").resize((SIDE, SIDE))

    taken = take_pairs(ours, peer, pairs)
    return Row(
        claim=1,
        what=f"film file to record, one core, {len(rows)} {what} films, {SIDE} px",
        against="Pillow: open, convert('L'), resize, one by one",
        unit="x as fast",
        values=taken.speed_ups,
        goal=SPEED if what == "real" else None,
        ours=f"{len(rows) / np.median(taken.ours):.0f} films/s",
        peer=f"{len(rows) / np.median(taken.peer):.0f} films/s",
        note="The decoders, which Pillow has too; of a smaller film the graph's call, digest and checks count more.",
    )


def difference(what: str, rows: Sequence[ManifestRow]) -> Row:
    """How far the images in the records are from those of films decoded in full and in colour."""
    classes = tuple({row.label: None for row in rows})
    apart = [
        float(np.abs(image_of(film_to_record(row, classes, SIDE)) - fully_decoded(Path(row.path).read_bytes())).mean())
        for row in rows
    ]
    return Row(
        claim=1,
        what=f"image in the record, mean over pixels, then over {len(rows)} {what} films",
        against="decoded in full, in colour, with accurate integers",
        unit="grey levels of 255",
        values=(float(np.mean(apart)),),
        goal=DIFFERENCE,
        ours=f"largest film {max(apart):.2f}",
        note=f"That the served graph gives the records' scores is tested: {AGREES}.",
    )


def image_of(record: object) -> np.ndarray:
    """The image in a record, float [side, side]."""
    assert isinstance(record, tf.train.Example), record
    content = record.features.feature[features.IMAGE].bytes_list.value[0]
    return np.frombuffer(content, np.uint8).reshape(SIDE, SIDE).astype(float)


def fully_decoded(film: bytes) -> np.ndarray:
    """What `trainer.preprocessing` gave if it took no short cut, float [side, side]."""
    decode: Callable[..., tf.Tensor] = tf.io.decode_image
    options = {"expand_animations": False}
    if film.startswith(b"\xff\xd8"):
        decode, options = tf.io.decode_jpeg, {"dct_method": "INTEGER_ACCURATE"}
    gray = tf.cast(decode(film, channels=3, **options), tf.float32) @ [[0.299], [0.587], [0.114]]
    image = tf.image.resize(gray, [SIDE, SIDE], antialias=True)
    return tf.round(image)[..., 0].numpy().astype(float)
