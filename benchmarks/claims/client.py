"""Claim 10: requests of the client on 8 connections to ``cxr serve``, against what the network can do at most.

Server, client and network share the cores of one machine, so that what the first two take is missing to the third. The
limit is the bare network on images that are ready, in batches of 32, while nothing else runs.
"""

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import psutil
import tensorflow as tf

from benchmarks.claim import Effort, Goal, Row
from benchmarks.pairs import Pairs, take_pairs
from benchmarks.served_network import Network, jpegs, network_of
from benchmarks.serving_load import SEED, serving, wait_until_served
from cxr_client import CxrClient, Timeout
from pipeline.sample.data_set import draw_data_set

CLAIM: Final = 10
CONNECTIONS: Final = 8
BATCH: Final = 32
#: Patients of the drawn data set that the small films are taken from.
PATIENTS: Final = 12
#: Repetitions at half load.
ROUNDS: Final = 3
#: Threads that may wait for an answer at half load: more than there are ever requests on their way.
WAITING: Final = 64


@dataclass(frozen=True)
class Work:
    """How many requests of one film each: of small films and of large ones in a round, and at half load."""

    small: int
    large: int
    half_load: int


#: 1000 requests in five rounds.
FULL: Final = Work(small=128, large=72, half_load=200)
QUICK: Final = Work(small=96, large=16, half_load=60)


@dataclass(frozen=True)
class Load:
    """What full load came to.

    Attributes:
        what: The films.
        count: Requests in a round.
        pairs: Seconds of the requests, and of the network on as many images.
        client, server: CPU milliseconds per request in either process.
    """

    what: str
    count: int
    pairs: Pairs
    client: float
    server: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.count / statistics.median(self.pairs.ours)


def measure(effort: Effort) -> list[Row]:
    """Throughput on small and on large films, and the latency of small ones at half of it."""
    work, network = QUICK if effort.quick else FULL, network_of(effort)
    small, large = drawn(effort), jpegs(effort, work.large)
    with serving(network.models) as (process, ports):
        wait_until_served(ports[1], 1)
        warm_up(ports, small[1])
        with connected(ports) as clients:
            loads = [
                full_load(clients, process.pid, network, what, films, count, effort.pairs)
                for (what, films), count in ((small, work.small), (large, work.large))
            ]
            rate = loads[0].rate / 2
            latencies = [half_load(clients, small[1], work.half_load, rate, SEED + one) for one in range(ROUNDS)]
    return [
        *(throughput_row(network.name, load) for load in loads),
        latency_row(network.name, small[0], rate, latencies),
    ]


def drawn(effort: Effort) -> tuple[str, list[bytes]]:
    """What they are, and films as the demo draws them: JPEG and PNG of 320 to 840 px on a side."""
    folder = effort.scratch / f"films-{PATIENTS}"
    if not folder.is_dir():
        draw_data_set(folder, patients=PATIENTS, seed=SEED)
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".png", ".jpg", ".jpeg"))
    return "drawn films as in the demo", [file.read_bytes() for file in files]


def warm_up(ports: tuple[int, int], films: Sequence[bytes]) -> None:
    """Asks for one film and for several at once, which may take longer the first time than REST waits for an answer."""
    with CxrClient(f"grpc://127.0.0.1:{ports[0]}", model="load", timeout=Timeout(attempt=300, total=600)) as client:
        for count in (1, CONNECTIONS // 2, CONNECTIONS):
            client.predict(films[:count])


@contextmanager
def connected(ports: tuple[int, int]) -> Iterator[list[CxrClient]]:
    """A client for each connection; every other one speaks REST."""
    urls = [f"grpc://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"]
    with ExitStack() as closing:
        yield [
            closing.enter_context(CxrClient(urls[number % len(urls)], model="load")) for number in range(CONNECTIONS)
        ]


def full_load(
    clients: Sequence[CxrClient],
    server: int,
    network: Network,
    what: str,
    films: Sequence[bytes],
    count: int,
    pairs: int,
) -> Load:
    """Asks as fast as the answers come, and lets the network do as many images, in turn.

    Args:
        clients: One for each connection.
        server: Its process.
        network: The one that is served.
        what: The films.
        films: Are asked about over and over.
        count: Requests in a round.
        pairs: Rounds.
    """
    bare, forward = network.images([films[index % len(films)] for index in range(count)]), network.bare()
    batches = tf.split(bare, [len(part) for part in np.array_split(range(count), max(1, count // BATCH))])
    spent: list[tuple[float, float]] = []

    def ask() -> None:
        before = _cpu_seconds(server)
        ask_all(clients, films, count)
        spent.append(tuple(now - then for now, then in zip(_cpu_seconds(server), before, strict=True)))

    taken = take_pairs(ask, lambda: [forward(images).numpy() for images in batches], pairs)
    client, of_server = (1000 * statistics.median(side) / count for side in zip(*spent[1:], strict=True))
    return Load(what, count, taken, client, of_server)


def ask_all(clients: Sequence[CxrClient], films: Sequence[bytes], count: int) -> None:
    """So many requests of one film, one at a time on each connection.

    Raises:
        CxrClientError: One got no answer.
    """
    numbers, taking = iter(range(count)), threading.Lock()

    def ask(client: CxrClient) -> None:
        while True:
            with taking:
                number = next(numbers, None)
            if number is None:
                return
            client.predict(films[number % len(films)])

    with ThreadPoolExecutor(len(clients)) as threads:
        for done in [threads.submit(ask, client) for client in clients]:
            done.result()


def half_load(clients: Sequence[CxrClient], films: Sequence[bytes], count: int, rate: float, seed: int) -> list[float]:
    """Seconds that each of so many requests took.

    Args:
        clients: Are asked in turn.
        films: Likewise.
        count: Requests.
        rate: Of them in a second, as they come from many people who do not know of each other (a Poisson process). None
            waits for another, so that a slow answer delays no question; time counts from when it was due.
        seed: Of the times at which they come.
    """
    due = time.perf_counter() + np.cumsum(np.random.default_rng(seed).exponential(1 / rate, count))

    def ask(number: int) -> float:
        clients[number % len(clients)].predict(films[number % len(films)])
        return time.perf_counter() - float(due[number])

    with ThreadPoolExecutor(WAITING) as threads:
        answers = []
        for number in range(count):
            time.sleep(max(0.0, due[number] - time.perf_counter()))
            answers.append(threads.submit(ask, number))
        return [answer.result() for answer in answers]


def tail(latencies: Sequence[float]) -> float:
    """How many times the median the 99th percentile is."""
    return float(np.percentile(latencies, 99) / np.percentile(latencies, 50))


def throughput_row(name: str, load: Load) -> Row:
    """Requests at full load."""
    return Row(
        claim=CLAIM,
        what=f"{load.count} requests of one film on {CONNECTIONS} connections, gRPC and REST, {name}; {load.what}",
        against=f"the bare network alone on the same cores, images ready, batches of {BATCH}",
        unit="x as fast",
        values=load.pairs.speed_ups,
        goal=Goal(way="at least", bound=0.9),
        ours=f"{load.rate:.1f} requests/s",
        peer=f"{load.count / statistics.median(load.pairs.peer):.1f} films/s",
        note=f"CPU per request: {load.client:.0f} ms in the client, {load.server:.0f} in the server, network included",
    )


def latency_row(name: str, what: str, rate: float, latencies: Sequence[Sequence[float]]) -> Row:
    """Requests at half load, one list for each repetition."""
    p50, p99 = (1000 * statistics.median(np.percentile(one, p) for one in latencies) for p in (50, 99))
    return Row(
        claim=CLAIM,
        what=f"p99 of {len(latencies[0])} requests at half load, {name}; {what}",
        against="their p50",
        unit="x the time",
        values=tuple(tail(one) for one in latencies),
        goal=Goal(way="at most", bound=3.0),
        ours=f"{p99:.0f} ms",
        peer=f"{p50:.0f} ms",
        note=f"{rate:.1f} requests/s, half of what full load came to, at random times",
    )


def _cpu_seconds(server: int) -> tuple[float, float]:
    """Of this process and of the server's, since they began."""
    times = (time.process_time(), psutil.Process(server).cpu_times())
    return times[0], times[1].user + times[1].system
