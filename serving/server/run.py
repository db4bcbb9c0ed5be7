"""Serves until somebody says stop."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final

import tensorflow as tf

from serving.server.configuration import Source
from serving.server.local_server import LocalServer
from serving.server.models import Say
from serving.server.sampler import Sampler

#: From the first signal on, until the process ends whatever still runs in it.
SECONDS_TO_STOP: Final = 20.0


def run(
    source: Source,
    rest: socket.socket,
    host: str,
    grpc_port: int,
    announce: Callable[[int, int], None],
    say: Say,
    sampler: Sampler | None = None,
    *,
    allow_reload: bool = False,
) -> None:
    """Serves until SIGINT or SIGTERM, and returns when the requests that there were are answered.

    A second signal ends the process at once, and so does time: nothing can stop a film that is being decoded.

    Args:
        source: which models.
        rest: the socket that HTTP listens on.
        host: that gRPC listens on.
        grpc_port: 0 for any that is free.
        announce: is called with the ports, of gRPC and of HTTP, when both listen.
        say: is told in a sentence what happens.
        sampler: keeps numbers of a share of the films; None to keep nothing.
        allow_reload: see ``LocalServer``.
    """
    tf.get_logger().setLevel("ERROR")  # the loader of TensorFlow 1 is deprecated, and says so at every version
    if not asyncio.run(_serve(source, rest, host, grpc_port, announce, say, sampler, allow_reload=allow_reload)):
        _end(0)  # a version that is still loading would crash in TensorFlow while Python takes itself down


async def _serve(
    source: Source,
    rest: socket.socket,
    host: str,
    grpc_port: int,
    announce: Callable[[int, int], None],
    say: Say,
    sampler: Sampler | None = None,
    *,
    allow_reload: bool = False,
) -> bool:
    server = LocalServer(source, rest, host, grpc_port, say, sampler=sampler, allow_reload=allow_reload)
    await server.start()
    told = asyncio.Event()

    def stop() -> None:
        if told.is_set():
            _end(1)
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    announce(server.grpc_port, server.rest_port)
    await told.wait()
    say("stopping; once more to stop at once")
    last = threading.Timer(SECONDS_TO_STOP, _end, [1])
    last.daemon = True  # the end of a process waits for other threads, and so would this one's
    last.start()
    return await server.stop(seconds=2)


def _end(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
