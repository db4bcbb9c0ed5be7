"""The folder of a run, which one process uses at a time."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from trainer.errors import RunError, UsageError


def is_of_a_comparison(root: Path) -> bool:
    """Whether ``cxr compare`` has left something in the folder: its tables, or what a network came to."""
    return (root / "compare.json").exists() or any((root / "tfx").glob("NetworkTrial.*"))


@contextlib.contextmanager
def locked_root(root: Path) -> Iterator[Path]:
    """Makes the folder and holds its lock; gives its absolute path.

    Raises:
        UsageError: It cannot be made, or its name means something to TFX.
        RunError: Another run is using it.
    """
    root = root.resolve()
    if set(str(root)) & set("*?[]{}"):
        raise UsageError(f"root {root} holds one of * ? [ ] {{ }}, which TFX reads as a pattern; name another folder")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"root {root} cannot be made ({error.strerror}); name another folder with --root") from error
    lock = FileLock(root / "run.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(f"another run is using {root}; wait for its end, or name another folder with --root") from None
    try:
        yield root
    finally:
        lock.release()
