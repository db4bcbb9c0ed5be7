"""Deadlines, and second tries."""

import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from cxr_client._errors import DeadlineError, UnavailableError
from cxr_client._options import Retries, Timeout

T = TypeVar("T")


class Runtime(Protocol):
    """How the program waits: for itself alone, or letting others go on."""

    async def sleep(self, seconds: float) -> None:
        """Waits."""

    async def aside(self, function: Callable[[], T]) -> T:
        """Runs what computes for long."""


class Deadline:
    """The end of one call of a method.

    Args:
        seconds: from now; None for no end.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._end = float("inf") if seconds is None else time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; infinite without an end, below 0 after it."""
        return self._end - time.monotonic()


async def tried(
    call: Callable[[float], Awaitable[T]], timeout: Timeout, retries: Retries, deadline: Deadline, runtime: Runtime
) -> T:
    """Asks until there is an answer, a fault that asking again does not mend, or no more time.

    Args:
        call: one try, in so many seconds.
        timeout: of a try.
        retries: how many tries, and the pauses between them.
        deadline: of them all.
        runtime: how to wait.

    Raises:
        ServerError: Of the last try.
    """
    failures = 0
    while True:
        if (left := deadline.left()) <= 0:
            raise _out_of_time(deadline)
        try:
            return await call(min(timeout.attempt, left))
        except DeadlineError as error:
            if left < timeout.attempt and not error.cause:
                raise _out_of_time(deadline) from error
            raise
        except UnavailableError as error:
            failures += 1
            pause = retries.pause(failures)
            if failures >= retries.attempts or pause >= deadline.left():
                raise _given_up(error, failures) from error.__cause__
            await runtime.sleep(pause)


def _out_of_time(deadline: Deadline) -> DeadlineError:
    return DeadlineError(f"no answer within Timeout(total={deadline.seconds})", cause="total")


def _given_up(error: UnavailableError, tries: int) -> UnavailableError:
    error.args = (f"{error} after {tries} tries" if tries > 1 else str(error),)
    return error
