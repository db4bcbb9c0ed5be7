"""Ctrl-C while a pipeline runs."""

import subprocess
import sys

import pytest

LINE = "cxr: interrupted; the same command goes on from here\n"
#: Where Python drops an exception: in the callback of a weak reference.
DROPPED = """
import os, signal, weakref
from cxr.interrupt import ends_on_interrupt

class Layer:
    pass

with ends_on_interrupt():
    layer = Layer()
    reference = weakref.ref(layer, lambda _: (os.kill(os.getpid(), signal.SIGINT), sum(range(1000))))
    del layer
    print("the search goes on", flush=True)
"""
COMMAND = """
import os, signal, sys
from importlib import import_module
from cxr.main import main

def told_as_a_fault(*_, **__):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        sum(range(1000))
    except KeyboardInterrupt as error:
        raise RuntimeError(repr(error))

setattr(import_module(sys.argv.pop(1)), sys.argv[1], told_as_a_fault)
main()
"""


def run(code: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_an_interrupt_that_python_would_drop_ends_the_process() -> None:
    assert run(DROPPED) == (1, "", LINE)


@pytest.mark.parametrize("module, verb", [("pipeline.local", "run"), ("pipeline.compare.run", "compare")])
def test_an_interrupt_is_one_line_and_no_fault(module: str, verb: str) -> None:
    assert run(COMMAND, module, verb) == (1, "", LINE)


def test_where_interrupts_are_ignored_they_stay_ignored() -> None:
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)" + DROPPED
    assert run(ignoring) == (0, "the search goes on\n", "")
