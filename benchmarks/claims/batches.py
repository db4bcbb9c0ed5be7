"""Claim 5: records to batches, the first pass and later ones, against the two loaders that people use today."""

import itertools
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import keras
import tensorflow as tf

from benchmarks.claim import Effort, Goal, Row
from benchmarks.films_at_size import Films, films_at
from benchmarks.pairs import Pairs, seconds, take_pairs

CLAIM: Final = 5
SIDE: Final = 224
BATCH: Final = 32
SEED: Final = 1
WORKERS: Final = 2

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = ROOT / ".peers" / "bin" / "python"
LEFT_OUT: Final = "the torch DataLoader is left out: `make peers` installs it (CPU only, 1 GB)"

FIRST: Final = Goal(way="at least", bound=5)
LATER: Final = Goal(way="at least", bound=8)
KERAS: Final = "Keras's image_dataset_from_directory, JPEG"
CACHED: Final = f"{KERAS}, .cache() of films, .shuffle(n), .batch({BATCH})"
TORCH: Final = f"torch DataLoader with {WORKERS} workers, JPEG by Pillow"

#: Peer -> its short name.
BESIDE: Final = {KERAS: "Keras", CACHED: "Keras's cache", TORCH: "torch"}

#: A pass over the films that gives its own seconds.
Pass = Callable[[], float]
Which = Literal["first", "later"]


def measure(effort: Effort) -> list[Row]:
    """A row for each pass and peer; those of torch where its environment is there."""
    films, copies = (64, 8) if effort.quick else (400, 5)
    return [row for some in films_at(effort, SIDE, films, copies) for row in _rows(some, effort.pairs)]


def _rows(films: Films, pairs: int) -> Iterator[Row]:
    seeds, split = itertools.count(SEED), films.split()

    def first() -> None:
        drain(films.split().batches(BATCH, shuffle_seed=next(seeds)))

    def later() -> None:
        drain(split.batches(BATCH, shuffle_seed=next(seeds)))

    later()
    ours: dict[Which, Pass] = {"first": lambda: seconds(first), "later": lambda: seconds(later)}
    uncached, cached = keras_batches(films), with_cache(films)
    theirs: list[tuple[Which, str, Pass]] = [
        ("first", KERAS, lambda: seconds(lambda: drain(keras_batches(films)))),
        ("later", KERAS, lambda: seconds(lambda: drain(uncached))),
        ("later", CACHED, lambda: seconds(lambda: drain(cached))),
    ]
    for which, against, peer in theirs:
        yield row(films, which, against, take_pairs(ours[which], peer, pairs, reported))
    if not PEERS.exists():
        print(LEFT_OUT, file=sys.stderr)
        return
    with torch_passes(films.jpegs) as peers:
        for which in ours:
            yield row(films, which, TORCH, take_pairs(ours[which], peers(which), pairs, reported))


def drain(batches: Iterable[object]) -> None:
    """Takes all of them."""
    for _ in batches:
        pass


def keras_batches(films: Films, batch: int | None = BATCH) -> tf.data.Dataset:
    """Batches of the JPEG files with the loader's defaults: three channels, float32, in a new order in every pass."""
    return keras.utils.image_dataset_from_directory(
        films.jpegs,
        label_mode="categorical",
        batch_size=batch,
        image_size=(films.side, films.side),
        seed=SEED,
        verbose=False,
    )


def with_cache(films: Films) -> tf.data.Dataset:
    """The same, decoded once: films are kept, not batches, so that every pass has an order of its own, as ours has."""
    return keras_batches(films, None).cache().shuffle(films.count).batch(BATCH).prefetch(tf.data.AUTOTUNE)


@contextmanager
def torch_passes(jpegs: Path, python: Path = PEERS) -> Iterator[Callable[[Which], Pass]]:
    """A process with torch, which makes the passes that it is asked for and times them itself."""
    command = [python, ROOT / "benchmarks" / "torch_loader.py", jpegs, str(BATCH), str(WORKERS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None
        assert answers is not None

        def ask(which: Which) -> float:
            print(which, file=asked, flush=True)
            return float(answers.readline())

        yield lambda which: lambda: ask(which)
        asked.close()


def reported(work: Callable[[], object]) -> float:
    """Seconds that the work itself has measured."""
    taken = work()
    assert isinstance(taken, float)
    return taken


def row(films: Films, which: Which, against: str, pairs: Pairs) -> Row:
    """Films a second, ours over the peer's."""
    passes = {"first": "first pass, from closed files", "later": "every later pass, each in a new order"}
    notes = {
        "first": "TFRecord's checksum and the copies of parse, decode_raw and batch; half of it on one core",
        "later": "one copy of each film into its batch, at the speed of memory"
        + (", which the peer has too, of twelve times the bytes" if against == CACHED else ""),
    }
    return Row(
        claim=CLAIM,
        # The peer's library is named here too: rows are told apart by their work.
        what=f"records to batches of {BATCH}, {passes[which]}, against {BESIDE[against]}: {films.what}",
        against=against,
        unit="x as fast",
        values=pairs.speed_ups,
        goal=FIRST if which == "first" else LATER,
        ours=f"{films.count / statistics.median(pairs.ours):,.0f} films/s",
        peer=f"{films.count / statistics.median(pairs.peer):,.0f} films/s",
        note=notes[which],
    )
