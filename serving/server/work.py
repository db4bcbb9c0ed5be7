"""Room for requests: threads that run them, and pixels that are decoded at once."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

import grpc

from serving.server.faults import Fault
from serving.server.limits import Limits

Answer = TypeVar("Answer")
Parameters = ParamSpec("Parameters")

#: Set as soon as nobody waits any more for what a thread of the pool works on.
GONE: Final = contextvars.ContextVar[threading.Event]("gone")


class Workers:
    """A pool of threads with a queue that ends; asked from one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.waiting
        self._there = 0
        self._pool = ThreadPoolExecutor(limits.threads, "request")

    async def run(
        self, work: Callable[Parameters, Answer], *arguments: Parameters.args, **named: Parameters.kwargs
    ) -> Answer:
        """The result of work in a thread.

        Work whose caller has gone is dropped if it has not begun. Otherwise it keeps its place until it ends, and can
        learn from ``GONE`` that it need not go on.

        Raises:
            Fault: As many requests run and wait as may.
        """
        if self._there >= self._most:
            raise Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
        self._there += 1
        loop = asyncio.get_running_loop()
        context, gone = contextvars.copy_context(), threading.Event()
        context.run(GONE.set, gone)
        future = self._pool.submit(lambda: context.run(work, *arguments, **named))
        # Before the answer gets to its client, who may at once ask again.
        future.add_done_callback(lambda _: loop.is_closed() or loop.call_soon_threadsafe(self._leave))
        try:
            return await asyncio.wrap_future(future)
        finally:
            gone.set()

    def close(self) -> None:
        """Drops what has not begun, and waits for what has."""
        self._pool.shutdown(cancel_futures=True)

    def _leave(self) -> None:
        self._there -= 1


class Room:
    """Something of which only so much may be in use at once, by threads that wait for their share."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._changed = threading.Condition()

    @contextmanager
    def of(self, share: int) -> Iterator[None]:
        """Waits until there is room for ``share``, which must be at most all of it, and holds it."""
        with self._changed:
            self._changed.wait_for(lambda: share <= self._left)
            self._left -= share
        try:
            yield
        finally:
            with self._changed:
                self._left += share
                self._changed.notify_all()
