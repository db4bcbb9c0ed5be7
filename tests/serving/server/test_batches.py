"""Requests that are computed together, on a network that is a rule."""

import contextvars
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from serving.server.batches import Batches
from serving.server.faults import Fault, invalid
from serving.server.limits import MOST_FILMS
from serving.server.work import GONE

LARGE = MOST_FILMS + 1


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
        if signature == "narrow" and len(array) > 1:
            raise MemoryError
        if signature == "broken":
            raise SystemExit
        if signature == "scalar":
            return {"y": np.float32(array.sum())}
        if (array < 0).any():
            raise invalid("negative")
        return {"y": 2 * array}


class Crowd:
    """Requests that have come while the network was busy with a batch and with a large request."""

    def __init__(self) -> None:
        self.network = Network()
        self._batches = Batches(self.network)
        self._threads = ThreadPoolExecutor(16)
        for number, rows in enumerate((1, LARGE), start=1):
            self._submit([0.0] * rows, "serving_default")
            _until(lambda number=number: len(self.network.rows) == number)  # type: ignore[misc]

    def ask(
        self, values: list[float], signature: str = "serving_default", gone: threading.Event | None = None
    ) -> "Future[np.ndarray]":
        waiting = len(self._batches._waiting)
        asked = self._submit(values, signature, gone)
        _until(lambda: len(self._batches._waiting) > waiting)
        return asked

    def _submit(self, values: list[float], signature: str, gone: threading.Event | None = None) -> "Future[np.ndarray]":
        context = contextvars.copy_context()
        context.run(GONE.set, gone or threading.Event())
        inputs = {"x": np.array(values, float)}
        return self._threads.submit(lambda: context.run(self._batches.run, signature, inputs)["y"])

    def go_on(self) -> list[int]:
        """Rows of the runs after those that kept the network busy, when all have ended."""
        self.network.may_go_on.set()
        self._threads.shutdown()
        return self.network.rows[2:]


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
    large = crowd.ask([1.0] * LARGE)
    small = [crowd.ask([1.0]) for _ in range(MOST_FILMS + 1)]
    assert sorted(crowd.go_on()) == [1, MOST_FILMS, LARGE]
    assert [len(one.result()) for one in (large, *small)] == [LARGE] + [1] * (MOST_FILMS + 1)


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


def test_what_is_too_much_together_is_computed_one_by_one(crowd: Crowd) -> None:
    asked = [crowd.ask([1.0], "narrow"), crowd.ask([2.0], "narrow")]
    assert crowd.go_on() == [2, 1, 1]
    assert [one.result(0).tolist() for one in asked] == [[2], [4]]


def test_a_computation_that_is_broken_off_leaves_nobody_waiting(crowd: Crowd) -> None:
    asked = [crowd.ask([1.0], "broken"), crowd.ask([2.0], "broken")]
    assert crowd.go_on() == [2]
    assert sorted(str(one.exception(0)) for one in asked) == ["", "INTERNAL: the computation was broken off"]


def test_who_has_gone_is_not_computed(crowd: Crowd) -> None:
    gone = threading.Event()
    left = [crowd.ask([1.0], gone=gone), crowd.ask([1.0] * LARGE, gone=gone)]
    stayed = crowd.ask([2.0])
    gone.set()
    assert crowd.go_on() == [1]
    assert stayed.result(0).tolist() == [4]
    assert [str(one.exception(0)) for one in left] == ["CANCELLED: the client has gone"] * 2


def test_a_large_request_keeps_no_small_one_waiting() -> None:
    may_end = {1: threading.Semaphore(0), LARGE: threading.Semaphore(0)}
    rows: list[int] = []

    def network(_: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        count = len(inputs["x"])
        rows.append(count)
        assert may_end[count].acquire(timeout=10)
        return {"y": inputs["x"]}

    batches = Batches(network)
    with ThreadPoolExecutor(4) as threads:

        def ask(count: int) -> "Future[dict[str, np.ndarray]]":
            return threads.submit(batches.run, "serving_default", {"x": np.zeros(count)})

        large, small = ask(LARGE), ask(1)
        _until(lambda: sorted(rows) == [1, LARGE])
        next_small = ask(1)
        _until(lambda: len(batches._waiting) == 1)
        next_large = ask(LARGE)
        _until(lambda: len(batches._waiting) == 2)
        may_end[LARGE].release()
        large.result(10)
        _until(lambda: rows.count(LARGE) == 2)  # and not in the thread of the small one that waits
        may_end[1].release(2)
        small.result(10)
        next_small.result(10)
        assert not next_large.done()
        may_end[LARGE].release()
