"""Claim 9: one request through the served graph, and a batch, against the bare network on images that are ready.

The served graph runs in a session, as TF Serving runs it; the bare network has the same weights and is a
``tf.function``. A request is a JPEG file in, a label out.
"""

import statistics
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import tensorflow as tf

from benchmarks.claim import Effort, Goal, Row
from benchmarks.pairs import Pairs, seconds, take_pairs
from benchmarks.served_network import TOLERANCE, Network, jpegs, network_of
from serving.server.servable import SERVING_DEFAULT, Servable
from serving.server.tensors import bytes_array

CLAIM: Final = 9
BATCH: Final = 32
#: Films that are asked about one by one in each round, and the rounds.
ONE_BY_ONE: Final = 8
PAIRS_ONE_BY_ONE: Final = 9
AGAINST: Final = "the bare network, images ready"


def measure(effort: Effort) -> list[Row]:
    """One film at a time, and 32 at once."""
    tf.get_logger().setLevel("ERROR")  # the loader of TensorFlow 1 is deprecated
    network = network_of(effort)
    what, films = jpegs(effort, BATCH)
    images = network.images(films)
    served, bare = served_by(network), bare_by(network)
    check_equal(served(films), bare(images))
    ready = [images[index : index + 1] for index in range(ONE_BY_ONE)]
    one = take_pairs(
        lambda: [served([film]) for film in films[:ONE_BY_ONE]],
        lambda: [bare(image) for image in ready],
        effort.pairs if effort.quick else PAIRS_ONE_BY_ONE,
    )
    many = take_pairs(lambda: served(films), lambda: bare(images), effort.pairs)
    return rows(network.name, what, one, many, decoding_seconds(network, films[:ONE_BY_ONE]))


def served_by(network: Network) -> Callable[[Sequence[bytes]], np.ndarray]:
    """Films -> scores float32 [n] through the served graph."""
    servable = Servable("load", 1, network.version)

    def ask(films: Sequence[bytes]) -> np.ndarray:
        return servable.run(SERVING_DEFAULT, {"image_bytes": bytes_array(list(films))})["score"]

    return ask


def bare_by(network: Network) -> Callable[[tf.Tensor], np.ndarray]:
    """Images -> scores float32 [n]."""
    forward = network.bare()
    return lambda images: np.asarray(forward(images))[:, 0]


def decoding_seconds(network: Network, films: Sequence[bytes]) -> float:
    """From one film to its image, the median."""
    before = network.preprocessing()
    before(tf.constant(films))
    return statistics.median(seconds(lambda film=film: before(tf.constant([film]))) for film in films)


def check_equal(served: np.ndarray, bare: np.ndarray) -> None:
    """That both did the same work.

    Raises:
        RuntimeError: They did not.
    """
    if (difference := float(np.abs(served - bare).max())) > TOLERANCE:
        raise RuntimeError(f"the served graph's scores differ from the network's by {difference:.2g}")


def rows(name: str, what: str, one: Pairs, many: Pairs, decoding: float) -> list[Row]:
    """The rows of what was timed.

    Args:
        name: The network's.
        what: The films.
        one: ``ONE_BY_ONE`` requests of one film.
        many: Requests of ``BATCH`` films.
        decoding: Seconds from one film to its image.
    """
    of_one = [1000 * statistics.median(side) / ONE_BY_ONE for side in (one.ours, one.peer)]
    of_many = [BATCH / statistics.median(side) for side in (many.ours, many.peer)]
    return [
        Row(
            claim=CLAIM,
            what=f"a request of one film, {name}; {ONE_BY_ONE} {what} one after another",
            against=AGAINST,
            unit="x the time",
            values=one.costs,
            goal=Goal(way="at most", bound=1.1),
            ours=f"{of_one[0]:.1f} ms",
            peer=f"{of_one[1]:.1f} ms",
            note=f"{1000 * decoding:.1f} ms of it, the median, go from a film to its image, on one core",
        ),
        Row(
            claim=CLAIM,
            what=f"a request of {BATCH} films, {name}; {what}",
            against=AGAINST,
            unit="x as fast",
            values=many.speed_ups,
            goal=Goal(way="at least", bound=0.95),
            ours=f"{of_many[0]:.1f} films/s",
            peer=f"{of_many[1]:.1f} films/s",
            note="films are decoded side by side, but before the network begins",
        ),
    ]
