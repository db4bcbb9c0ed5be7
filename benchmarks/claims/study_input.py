"""Claim 4: records to batches, as training reads them, against Keras's generator from folders, as the study did it."""

import contextlib
import itertools
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import keras
import tensorflow as tf

from benchmarks.claim import Effort, Goal, Row
from benchmarks.films_at_size import Films, films_at
from benchmarks.pairs import Pairs, take_pairs
from benchmarks.plain_training import augmentation_of_the_study, study_generator
from trainer.augmentation import build_augmentation
from trainer.input import Split
from trainer.settings import Augmentation

CLAIM: Final = 4
SIDE: Final = 224
BATCH: Final = 32
SEED: Final = 1


@dataclass(frozen=True)
class Work:
    """How many films, how often each, and how many epochs of ours stand against one of the peer, which is slower."""

    films: int
    copies: int
    epochs: int


FULL: Final = Work(films=400, copies=1, epochs=40)
QUICK: Final = Work(films=64, copies=3, epochs=20)


def measure(effort: Effort) -> list[Row]:
    """Without and with the augmentation on our side, against a peer of three channels and of one."""
    work = QUICK if effort.quick else FULL
    return [
        row for films in films_at(effort, SIDE, work.films, work.copies) for row in _rows(films, work, effort.pairs)
    ]


def _rows(films: Films, work: Work, pairs: int) -> list[Row]:
    split = films.split()
    len(split)  # reads the records, which a training does once; the peer reads its files in every epoch
    seeds = itertools.count(SEED)

    def ours() -> None:
        for _ in range(work.epochs):
            for _ in split.batches(BATCH, shuffle_seed=next(seeds)):
                pass

    changed = augmented(split, augmentation_of_the_study())
    rgb, gray = peer(films, "rgb"), peer(films, "grayscale")
    what = f"records to batches of {BATCH}, {films.what}"
    return [
        row(
            f"{what}; every epoch after the first",
            "Keras's ImageDataGenerator.flow_from_directory, JPEG, the study's augmentation",
            films.count,
            work.epochs,
            take_pairs(ours, rgb, pairs),
            Goal(way="at least", bound=150),
            "the peer decodes, changes and batches film by film in Python; ours copies rows and is changed on the "
            "device (the row below)",
        ),
        row(
            f"{what}, the study's augmentation, ours in the training graph",
            "the same",
            films.count,
            1,
            take_pairs(changed, rgb, pairs),
        ),
        row(
            f"{what}; every epoch after the first, the peer with one channel",
            "the same, one channel as ours has; the study's networks take three",
            films.count,
            work.epochs,
            take_pairs(ours, gray, pairs),
        ),
        row(
            f"{what}, the study's augmentation, ours in the training graph, one channel on both sides",
            "the same, one channel",
            films.count,
            1,
            take_pairs(changed, gray, pairs),
        ),
    ]


def augmented(split: Split, ranges: Augmentation) -> Callable[[], None]:
    """One epoch, every batch changed on the device."""
    augmentation = build_augmentation(ranges, split.image_size, SEED)

    @tf.function(input_signature=[tf.TensorSpec((None, split.image_size, split.image_size, 1), tf.uint8)])
    def change(images: tf.Tensor) -> tf.Tensor:
        return augmentation(tf.cast(images, tf.float32), training=True)

    def epoch() -> None:
        for images, _ in split.batches(BATCH, shuffle_seed=SEED):
            change(images).numpy()

    return epoch


def peer(films: Films, channels: str) -> Callable[[], None]:
    """One epoch of Keras's generator with the study's augmentation."""
    generator = study_generator(augmentation_of_the_study())
    with contextlib.redirect_stdout(sys.stderr):  # it counts its files aloud
        batches: keras.utils.PyDataset = generator.flow_from_directory(
            films.jpegs, target_size=(films.side, films.side), color_mode=channels, batch_size=BATCH, seed=SEED
        )

    def epoch() -> None:
        for index in range(len(batches)):
            batches[index]
        batches.on_epoch_end()

    return epoch


def row(
    what: str, against: str, count: int, epochs: int, pairs: Pairs, goal: Goal | None = None, note: str = ""
) -> Row:
    """Films a second, ours over the peer's.

    Args:
        what: As in the row.
        against: Likewise.
        count: Films in an epoch.
        epochs: Of ours, against one of the peer.
        pairs: Seconds of all epochs of ours, and of the peer's one.
        goal: As in the row.
        note: Likewise.
    """
    ours, theirs = epochs * count / statistics.median(pairs.ours), count / statistics.median(pairs.peer)
    return Row(
        claim=CLAIM,
        what=what,
        against=against,
        unit="x as fast",
        values=tuple(epochs * speed_up for speed_up in pairs.speed_ups),
        goal=goal,
        ours=f"{ours:,.0f} films/s",
        peer=f"{theirs:,.0f} films/s",
        note=note,
    )
