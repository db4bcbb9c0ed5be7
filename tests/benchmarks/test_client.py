"""The claim about the client, on a tiny network behind ``cxr serve``, and its arithmetic."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import served_network
from benchmarks.claim import Effort
from benchmarks.claims import client
from benchmarks.pairs import Pairs


class Silent:
    """A client whose server answers at once; counts."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def predict(self, film: bytes) -> None:
        self.asked.append(film)


def test_the_rate_is_that_of_all_requests_of_a_round() -> None:
    load = client.Load("films", 128, Pairs(ours=(16.0, 15.0, 17.0), peer=(14.4, 14.4, 14.4)), client=3.0, server=150.0)
    assert load.rate == 8.0
    row = client.throughput_row("cnn", load)
    assert row.median == pytest.approx(0.9)
    assert (row.ours, row.peer) == ("8.0 requests/s", "8.9 films/s")


def test_the_tail_is_the_99th_percentile_in_medians() -> None:
    assert client.tail([1.0] * 90 + [3.0] * 10) == 3
    row = client.latency_row("cnn", "films", 4.0, [[0.1] * 90 + [0.2] * 10] * 2)
    assert (row.values, row.ours, row.peer, row.met) == ((2.0, 2.0), "200 ms", "100 ms", True)


def test_the_network_gets_as_many_images_as_there_are_requests_in_batches_of_32() -> None:
    batches = client.batches_of(np.arange(5.0), 70)
    assert [len(batch) for batch in batches] == [32, 32, 6]
    assert np.concatenate(batches).tolist() == [number % 5 for number in range(70)]


def test_a_thousand_requests_are_asked_in_a_round_and_rows_say_how_many() -> None:
    assert max(work.small for work in client.FULL) == 1000
    pairs = Pairs(ours=(20.0, 20.0, 20.0), peer=(19.0, 19.0, 19.0))
    row = client.throughput_row("cnn", client.Load("films", 1000, pairs, client=3.0, server=40.0))
    assert row.what == ("1,000 requests of one film on 8 connections, gRPC and REST, in each of 3 rounds, cnn; films")
    assert client.latency_row("cnn", "films", 4.0, [[0.1] * 100] * 5).what == (
        "p99 of 100 requests at half load, in each of 5 rounds, cnn; films"
    )


def test_every_request_is_asked_once_and_all_connections_ask() -> None:
    clients = [Silent() for _ in range(3)]
    client.ask_all(clients, [b"a", b"b"], 50)  # type: ignore[arg-type]
    assert sorted(film for one in clients for film in one.asked) == [b"a"] * 25 + [b"b"] * 25


def test_at_half_load_time_counts_from_when_a_request_was_due() -> None:
    clients = [Silent() for _ in range(2)]
    latencies = client.half_load(clients, [b"a"], 20, rate=500, seed=1)  # type: ignore[arg-type]
    assert [len(one.asked) for one in clients] == [10, 10]
    assert len(latencies) == 20
    assert all(seconds > 0 for seconds in latencies)


@pytest.mark.e2e
def test_it_runs(tmp_path: Path, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_network, "QUICK", ("cnn", 16))
    monkeypatch.setattr(served_network, "DRAWN_SIDES", (40, 50))
    monkeypatch.setattr(client, "QUICK", (client.Work(small=16, large=8, half_load=10),))
    (tmp_path / f"films-of-{served_network.PATIENTS}-patients-a-class-seed-{served_network.SEED}").symlink_to(films)
    rows = client.measure(Effort(True, None, tmp_path))
    assert [(row.claim, len(row.values), row.goal is not None) for row in rows] == [(10, 3, True)] * 3
    assert all(value > 0 for row in rows for value in row.values)
