"""Ctrl-C while a pipeline runs."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Final

_LINE: Final = "cxr: interrupted; the same command goes on from here\n"


@contextlib.contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """Lets Ctrl-C (SIGINT) end the process at once, with one line and exit code 1.

    As an exception it would not always end it: Python drops what is raised in a callback of a weak reference, of which
    Keras has many, and Beam tells of it as a fault of the node. Whatever a run keeps it keeps whole, as for a kill, so
    there is nothing to tidy up. Where SIGINT is ignored, as behind ``nohup``, it stays so.
    """
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: object) -> None:
    line = ("\n" if sys.stderr.isatty() else "") + _LINE  # a progress bar may stand on the line
    os.write(2, line.encode())  # print could be in the middle of another one
    os._exit(1)
