"""Processes that have imported TFX when they begin: a task in a process of its own, without the seconds of importing.

One process imports, and forks for each command that it reads from its standard input. TensorFlow has computed nothing
by then, so nothing is shared but code.
"""

import importlib
import json
import os
import runpy
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

#: Seconds between two looks whether a command has ended.
PERIOD = 0.05


class Prepared:
    """Runs ``python -m`` commands.

    Args:
        project: Working directory of every command, and where modules are looked for first.
        logs: Folder for their output.
        modules: What is imported beforehand.
    """

    def __init__(self, project: Path, logs: Path, modules: Sequence[str]) -> None:
        logs.mkdir(parents=True)
        self._logs, self._count, self._lock = logs, 0, threading.Lock()
        self._parent = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, *modules],
            cwd=project,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Runs a command to its end: its exit code and its log come back."""
        assert self._parent.stdin is not None
        with self._lock:
            self._count += 1
            log = self._logs / f"{self._count}.log"
            ended = log.with_suffix(".ended")
            order = {"argv": command[2:], "environment": dict(environment), "log": str(log), "ended": str(ended)}
            self._parent.stdin.write(json.dumps(order) + "\n")
            self._parent.stdin.flush()
        while not ended.exists():
            if self._parent.poll() is not None:
                raise RuntimeError(f"the process that starts commands ended with {self._parent.returncode}")
            time.sleep(PERIOD)
        return int(ended.read_text()), log.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Ends the process that starts commands."""
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait()


def _serve(modules: Sequence[str]) -> None:
    sys.path[0] = os.getcwd()  # as python -m has it
    for module in modules:
        importlib.import_module(module)
    while line := sys.stdin.readline():
        order = json.loads(line)
        if os.fork() == 0:
            command = os.fork()
            if command == 0:
                _become(order)
            _, status = os.waitpid(command, 0)
            draft = Path(f"{order['ended']}.draft")
            draft.write_text(str(os.waitstatus_to_exitcode(status)))
            draft.replace(order["ended"])
            os._exit(0)


def _become(order: dict[str, object]) -> NoReturn:
    """Runs a command. Ends without taking apart what was imported, which takes longer than most commands."""
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]
    module, *arguments = order["argv"]  # type: ignore[misc]
    sys.argv = [module, *arguments]
    code: object = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    _serve(sys.argv[1:])
