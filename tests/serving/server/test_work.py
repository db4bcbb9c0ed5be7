"""Threads, their queue, and room for pixels."""

import asyncio
import contextvars
import threading
import time

import pytest

from serving.server.faults import Fault
from serving.server.limits import Limits
from serving.server.work import GONE, Room, Workers


def test_work_that_may_not_wait_is_refused_and_a_place_is_free_again_with_the_answer() -> None:
    async def story() -> None:
        workers, go_on = Workers(Limits(threads=1, waiting=2)), threading.Event()
        first = asyncio.create_task(workers.run(go_on.wait, 10))
        second = asyncio.create_task(workers.run(lambda: "done"))
        await asyncio.sleep(0)
        with pytest.raises(Fault, match="Server Threadpool Exhausted"):
            await workers.run(lambda: None)
        go_on.set()
        assert await first
        assert await workers.run(lambda: "at once") == "at once"
        assert await second == "done"
        workers.close()

    asyncio.run(story())


def test_work_whose_caller_has_gone_is_dropped_before_it_begins_and_keeps_its_place_after() -> None:
    async def story() -> None:
        workers, go_on, begun = Workers(Limits(threads=1, waiting=2)), threading.Event(), []
        running = asyncio.create_task(workers.run(go_on.wait, 10))
        waiting = asyncio.create_task(workers.run(begun.append, 1))
        await asyncio.sleep(0.05)
        for task in (running, waiting):
            task.cancel()
        await asyncio.sleep(0.05)
        last = asyncio.create_task(workers.run(lambda: "done"))
        await asyncio.sleep(0)
        with pytest.raises(Fault):
            await workers.run(lambda: None)  # what runs still holds its place
        go_on.set()
        assert await last == "done"
        assert begun == []
        workers.close()

    asyncio.run(story())


def test_work_that_has_begun_learns_that_its_caller_has_gone_and_no_other_does() -> None:
    async def story() -> None:
        workers = Workers(Limits(threads=2, waiting=2))
        learnt: list[bool] = []
        left = asyncio.create_task(workers.run(lambda: learnt.append(GONE.get().wait(10))))
        stayed = asyncio.create_task(workers.run(lambda: GONE.get().wait(0.2)))
        await asyncio.sleep(0.05)
        left.cancel()
        assert not await stayed
        await asyncio.to_thread(workers.close)
        assert learnt == [True]
        assert GONE not in contextvars.copy_context()

    asyncio.run(story())


def test_room_is_never_given_twice() -> None:
    room, inside, most = Room(10), [0], [0]
    lock = threading.Lock()

    def take(share: int) -> None:
        with room.of(share):
            with lock:
                inside[0] += share
                most[0] = max(most[0], inside[0])
            time.sleep(0.002)
            with lock:
                inside[0] -= share

    threads = [threading.Thread(target=take, args=(share,)) for share in [3, 10, 1, 5, 6, 4] * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == [0]
    assert 6 <= most[0] <= 10
