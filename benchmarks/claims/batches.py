"""Claim 5: records to batches, the first pass and later ones, against the two loaders that people use today."""

import itertools
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
#: A pass takes fractions of a second, and the other loaders' differ by as much as a half.
PAIRS: Final = 15

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = ROOT / ".peers" / "bin" / "python"
LEFT_OUT: Final = "the torch DataLoader is left out: `make peers` installs it (CPU only, 1 GB)"

FIRST: Final = Goal(way="at least", bound=5)
LATER: Final = Goal(way="at least", bound=8)


@dataclass(frozen=True)
class Peer:
    """A loader of other people.

    Attributes:
        name: In the row's work: rows are told apart by it.
        how: What it does, as in the row.
        judged: Whether the goals are about it.
    """

    name: str
    how: str
    judged: bool = True


KERAS: Final = Peer("Keras", "Keras's image_dataset_from_directory, JPEG")
CACHED: Final = Peer("Keras's cache", f"{KERAS.how}, .cache() of films, .shuffle(n), .batch({BATCH})")
GRAY: Final = Peer("Keras with one channel", f"{KERAS.how}, color_mode='grayscale'", judged=False)
TORCH: Final = Peer("torch", f"DataLoader with {WORKERS} workers, JPEG by Pillow")

#: A pass over the films that gives its own seconds.
Pass = Callable[[], float]
Which = Literal["first", "later"]


def measure(effort: Effort) -> list[Row]:
    """A row for each pass and peer; those of torch where its environment is there."""
    films, copies, pairs = (64, 8, effort.pairs) if effort.quick else (400, 5, PAIRS)
    return [row for some in films_at(effort, SIDE, films, copies) for row in _rows(some, pairs)]


def _rows(films: Films, pairs: int) -> Iterator[Row]:
    seeds, split = itertools.count(SEED), films.split()

    def first() -> None:
        drain(films.split().batches(BATCH, shuffle_seed=next(seeds)))

    def later() -> None:
        drain(split.batches(BATCH, shuffle_seed=next(seeds)))

    later()
    ours: dict[Which, Pass] = {"first": lambda: seconds(first), "later": lambda: seconds(later)}
    uncached, cached, gray = keras_batches(films), with_cache(films), keras_batches(films, color_mode="grayscale")
    theirs: list[tuple[Which, Peer, Pass]] = [
        ("first", KERAS, lambda: seconds(lambda: drain(keras_batches(films)))),
        ("first", GRAY, lambda: seconds(lambda: drain(keras_batches(films, color_mode="grayscale")))),
        ("later", KERAS, lambda: seconds(lambda: drain(uncached))),
        ("later", CACHED, lambda: seconds(lambda: drain(cached))),
        ("later", GRAY, lambda: seconds(lambda: drain(gray))),
    ]
    for which, peer, its in theirs:
        yield row(films, which, peer, take_pairs(ours[which], its, pairs, reported))
    if not PEERS.exists():
        print(LEFT_OUT, file=sys.stderr)
        return
    with torch_passes(films.jpegs) as (torch, passes):
        for which in ours:
            yield row(films, which, torch, take_pairs(ours[which], passes(which), pairs, reported))


def drain(batches: Iterable[object]) -> None:
    """Takes all of them."""
    for _ in batches:
        pass


def keras_batches(films: Films, batch: int | None = BATCH, color_mode: str = "rgb") -> tf.data.Dataset:
    """Batches of the JPEG files as the loader makes them by default: float32, in a new order in every pass."""
    return keras.utils.image_dataset_from_directory(
        films.jpegs,
        label_mode="categorical",
        color_mode=color_mode,
        batch_size=batch,
        image_size=(films.side, films.side),
        seed=SEED,
        verbose=False,
    )


def with_cache(films: Films) -> tf.data.Dataset:
    """The same, decoded once: films are kept, not batches, so that every pass has an order of its own, as ours has."""
    return keras_batches(films, None).cache().shuffle(films.count).batch(BATCH).prefetch(tf.data.AUTOTUNE)


@contextmanager
def torch_passes(jpegs: Path, python: Path = PEERS) -> Iterator[tuple[Peer, Callable[[Which], Pass]]]:
    """A process with torch, of which version, which makes the passes that it is asked for and times them itself."""
    command = [python, ROOT / "benchmarks" / "torch_loader.py", jpegs, str(BATCH), str(WORKERS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None
        assert answers is not None

        def ask(which: Which) -> float:
            print(which, file=asked, flush=True)
            return float(answers.readline())

        version = answers.readline().strip()
        yield replace(TORCH, how=f"torch {version}, {TORCH.how}"), lambda which: lambda: ask(which)
        asked.close()


def reported(work: Callable[[], object]) -> float:
    """Seconds that the work itself has measured."""
    taken = work()
    assert isinstance(taken, float)
    return taken


def row(films: Films, which: Which, peer: Peer, pairs: Pairs) -> Row:
    """Films a second, ours over the peer's."""
    passes = {"first": "first pass, from closed files", "later": "every later pass, each in a new order"}
    notes = {
        "first": "four copies of each film: read, parsed, put in its row, put in its batch",
        "later": "one copy of each film into its batch, at the speed of memory"
        + (", which the peer has too, of twelve times the bytes" if peer == CACHED else ""),
    }
    return Row(
        claim=CLAIM,
        what=f"records to batches of {BATCH}, {passes[which]}, against {peer.name}: {films.what}",
        against=peer.how,
        unit="x as fast",
        values=pairs.speed_ups,
        goal=(FIRST if which == "first" else LATER) if peer.judged else None,
        ours=f"{films.count / statistics.median(pairs.ours):,.0f} films/s",
        peer=f"{films.count / statistics.median(pairs.peer):,.0f} films/s",
        note=notes[which],
    )
