"""How the server ends: by signals, without a server."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.server import run
from serving.server.configuration import FolderSource


class Stuck:
    """A server that never stops by itself."""

    grpc_port = rest_port = 1

    def __init__(self, *_: object, **__: object) -> None: ...

    async def start(self) -> None: ...

    async def stop(self, seconds: float) -> bool:
        await asyncio.sleep(60)
        return True


def _serve(monkeypatch: pytest.MonkeyPatch, announce: Callable[[int, int], None]) -> list[str]:
    said: list[str] = []

    async def story() -> None:
        ended = asyncio.Event()

        def end(status: int) -> None:
            said.append(f"ended with {status}")
            loop.call_soon_threadsafe(ended.set)

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(run, "LocalServer", Stuck)
        monkeypatch.setattr(run, "_end", end)
        with socket.socket() as rest:
            serving = asyncio.create_task(run._serve(FolderSource(Path()), rest, "", 0, announce, said.append))
            await asyncio.wait_for(ended.wait(), 30)
            serving.cancel()

    asyncio.run(story())
    for timer in threading.enumerate():  # in earnest the process is gone by now
        if isinstance(timer, threading.Timer):
            timer.cancel()
    return said


def test_a_second_signal_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def announce(*_: int) -> None:
        loop = asyncio.get_running_loop()
        for at, number in ((0.01, signal.SIGTERM), (0.1, signal.SIGINT)):
            loop.call_later(at, os.kill, os.getpid(), number)

    assert _serve(monkeypatch, announce) == ["stopping; once more to stop at once", "ended with 1"]


def test_what_does_not_end_in_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SECONDS_TO_STOP", 0.05)

    def announce(*_: int) -> None:
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGTERM)

    assert _serve(monkeypatch, announce) == ["stopping; once more to stop at once", "ended with 1"]
