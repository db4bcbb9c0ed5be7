"""Claim 10: requests of the client on 8 connections to ``cxr serve``, against what the network can do at most.

Server, client and network share the cores of one machine, so that what the first two take is missing to the third. The
limit is the bare network on images that are ready, in batches of 32, while nothing else runs. A thousand requests in a
round are asked of a network of milliseconds; of the demo's own there is time for fewer.
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
from benchmarks.served import SEED, serving, wait_until_served
from benchmarks.served_network import Network, drawn, jpegs, network_of
from cxr_client import CxrClient, Timeout
from trainer.settings import BackboneName

CLAIM: Final = 10
CONNECTIONS: Final = 8
BATCH: Final = 32
#: Threads that may wait for an answer at half load: more than there are ever requests on their way.
WAITING: Final = 64


@dataclass(frozen=True)
class Work:
    """How many requests of one film each: of small films and of large ones in a round, and in a round at half load.

    Attributes:
        network: Backbone and side of its images in pixels; None = the demo's own.
    """

    small: int
    large: int = 0
    half_load: int = 0
    network: tuple[BackboneName, int] | None = None


FULL: Final = (Work(small=64, large=32, half_load=100), Work(small=1000, network=("efficientnet_b0", 224)))
QUICK: Final = (Work(small=96, large=32, half_load=60),)


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
    small = drawn(effort)
    return [row for work in (QUICK if effort.quick else FULL) for row in rows_of(effort, work, *small)]


def rows_of(effort: Effort, work: Work, what: str, films: Sequence[bytes]) -> list[Row]:
    """The rows of one network, behind a server of its own.

    Args:
        effort: How much.
        work: Which network, and how many requests.
        what: The small films.
        films: Likewise.
    """
    network = network_of(effort, work.network)
    loads = [(what, films, work.small)]
    if work.large:
        loads.append((*jpegs(effort, work.large), work.large))
    with serving(network.models) as (process, ports):
        wait_until_served(ports[1], 1)
        warm_up(ports, films)
        with connected(ports) as clients:
            taken = [full_load(clients, process.pid, network, effort.pairs, *load) for load in loads]
            rows = [throughput_row(network.name, load) for load in taken]
            if work.half_load:
                rate = taken[0].rate / 2
                seeds = range(SEED, SEED + effort.pairs)
                latencies = [half_load(clients, films, work.half_load, rate, seed) for seed in seeds]
                rows.append(latency_row(network.name, what, rate, latencies))
    return rows


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
    pairs: int,
    what: str,
    films: Sequence[bytes],
    count: int,
) -> Load:
    """Asks as fast as the answers come, and lets the network do as many images, in turn.

    Args:
        clients: One for each connection.
        server: Its process.
        network: The one that is served.
        pairs: How often both are timed.
        what: The films.
        films: Are asked about over and over.
        count: Requests in a round.
    """
    batches, forward = batches_of(network.images(films), count), network.bare()
    spent: list[tuple[float, float]] = []

    def ask() -> None:
        before = _cpu_seconds(server)
        ask_all(clients, films, count)
        spent.append(tuple(now - then for now, then in zip(_cpu_seconds(server), before, strict=True)))

    taken = take_pairs(ask, lambda: [forward(images).numpy() for images in batches], pairs)
    client, of_server = (1000 * statistics.median(side) / count for side in zip(*spent[1:], strict=True))
    return Load(what, count, taken, client, of_server)


def batches_of(images: tf.Tensor, count: int) -> list[tf.Tensor]:
    """So many images, taken over and over, in batches of ``BATCH``; the last one may be smaller."""
    chosen = np.arange(count) % len(images)
    return [tf.gather(images, chosen[start : start + BATCH]) for start in range(0, count, BATCH)]


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
        what=f"{load.count:,} requests of one film on {CONNECTIONS} connections, gRPC and REST, in each of "
        f"{len(load.pairs.ours)} rounds, {name}; {load.what}",
        against=f"the bare network alone on the same cores, images ready, batches of {BATCH} at most",
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
        what=f"p99 of {len(latencies[0])} requests at half load, in each of {len(latencies)} rounds, {name}; {what}",
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
