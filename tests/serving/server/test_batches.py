"""Requests that are computed together, on a network that is a rule."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from serving.server.batches import AT_ONCE, MOST_FILMS, Batches
from serving.server.faults import Fault, invalid


class Network:
    """Doubles its input, once it may go on; refuses what holds a negative number.

    Attributes:
        rows: of every run that has begun.
    """

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.rows: list[int] = []

    def __call__(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        array = inputs["x"]
        self.rows.append(len(array))
        assert self.may_go_on.wait(10)
        if signature == "scalar":
            return {"y": np.float32(array.sum())}
        if (array < 0).any():
            raise invalid("negative")
        return {"y": 2 * array}


class Crowd:
    """Requests that have come while the network was busy."""

    def __init__(self) -> None:
        self.network = Network()
        self._batches = Batches(self.network)
        self._threads = ThreadPoolExecutor(16)
        for number in range(AT_ONCE):
            self._submit([0.0], "serving_default")
            _until(lambda number=number: len(self.network.rows) > number)  # type: ignore[misc]

    def ask(self, values: list[float], signature: str = "serving_default") -> "Future[np.ndarray]":
        waiting = len(self._batches._waiting)
        asked = self._submit(values, signature)
        _until(lambda: len(self._batches._waiting) > waiting)
        return asked

    def _submit(self, values: list[float], signature: str) -> "Future[np.ndarray]":
        return self._threads.submit(lambda: self._batches.run(signature, {"x": np.array(values, float)})["y"])

    def go_on(self) -> list[int]:
        """Rows of the runs after those that kept the network busy, when all have ended."""
        self.network.may_go_on.set()
        self._threads.shutdown()
        return self.network.rows[AT_ONCE:]


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


def _until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_who_asks_alone_waits_for_nobody() -> None:
    network = Network()
    network.may_go_on.set()
    batches = Batches(network)
    assert [batches.run("a", {"x": np.array([one])})["y"].tolist() for one in (1, 2)] == [[2], [4]]
    assert network.rows == [1, 1]


def test_what_has_come_meanwhile_is_computed_together_and_each_gets_its_own(crowd: Crowd) -> None:
    asked = [crowd.ask(values) for values in ([1.0], [2.0, 3.0], [4.0])]
    assert crowd.go_on() == [4]
    assert [one.result().tolist() for one in asked] == [[2], [4, 6], [8]]


def test_no_batch_is_larger_than_it_may_be_but_a_request_may_be(crowd: Crowd) -> None:
    large = crowd.ask([1.0] * (MOST_FILMS + 1))
    small = [crowd.ask([1.0]) for _ in range(MOST_FILMS + 1)]
    assert sorted(crowd.go_on()) == [1, MOST_FILMS, MOST_FILMS + 1]
    assert [len(one.result()) for one in (large, *small)] == [MOST_FILMS + 1] + [1] * (MOST_FILMS + 1)


def test_other_signatures_and_shapes_are_computed_for_themselves(crowd: Crowd) -> None:
    asked = [crowd.ask([1.0]), crowd.ask([1.0], "other"), crowd.ask([[1.0]]), crowd.ask([3.0])]  # type: ignore[list-item]
    assert sorted(crowd.go_on()) == [1, 1, 2]
    assert [one.result().tolist() for one in asked] == [[2], [2], [[2]], [6]]


def test_one_that_is_refused_takes_no_other_with_it(crowd: Crowd) -> None:
    """In the real server it does."""
    good, bad, other = crowd.ask([1.0]), crowd.ask([-1.0]), crowd.ask([2.0])
    assert crowd.go_on() == [3, 1, 1, 1]
    assert (good.result().tolist(), other.result().tolist()) == ([2], [4])
    with pytest.raises(Fault, match="negative"):
        bad.result()


def test_outputs_that_are_not_by_film_cannot_be_divided(crowd: Crowd) -> None:
    asked = [crowd.ask([1.0], "scalar"), crowd.ask([2.0, 3.0], "scalar")]
    assert crowd.go_on() == [3, 1, 2]
    assert [float(one.result()) for one in asked] == [1, 5]
