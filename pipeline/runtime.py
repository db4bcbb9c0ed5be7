"""The process before TensorFlow: what it may print, which Keras it takes, which GPUs it sees."""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: Messages for the user; everything else goes to the log file.
LOGGER: Final = logging.getLogger("cxr")


def prepare_process(*, debug: bool = False) -> None:
    """Sets what TensorFlow, TFX and Beam read when they are imported. Call it before any of them.

    Args:
        debug: Let all of them speak, C++ included: errors on loading a GPU are hidden otherwise.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if debug else "3")
    # tensorflow_transform sets this to 1 on import; a Beam worker process would then train with another Keras.
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    if not debug:
        logging.captureWarnings(True)
        warnings.simplefilter("ignore", FutureWarning)  # google.* on the age of Python 3.10, once per module
        os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning")  # the same in Beam's worker processes


class _Elapsed(logging.Formatter):
    """The message behind the seconds since the process began to log."""

    def format(self, record: logging.LogRecord) -> str:
        return f"[{record.relativeCreated / 1000:4.0f} s] {record.getMessage()}"


def log_to(file: Path, *, debug: bool = False) -> None:
    """Sends every library's log to a file, and the user's own messages to stderr as well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(file, encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname).1s %(name)s: %(message)s"))
    to_user = logging.StreamHandler(sys.stderr)
    to_user.setFormatter(_Elapsed())
    root = logging.getLogger()
    for logger in (root, LOGGER):
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
    root.setLevel(logging.INFO)
    root.addHandler(to_file)
    (root if debug else LOGGER).addHandler(to_user)


def prepare_gpus() -> int:
    """Lets TensorFlow take GPU memory as it needs it, instead of all at once. Call it before the first op.

    Returns:
        Number of GPUs that TensorFlow sees.
    """
    import tensorflow as tf  # seconds, and only runs need it

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    return len(gpus)


def prepare_workers(processes: int) -> None:
    """Says in the environment what Beam's worker processes may take. Call it after :func:`prepare_gpus`.

    They see no GPU, where each would take memory from the training, and share the cores: two that decode films on
    two cores, a thread each, are a fifth faster than with two threads each.

    Args:
        processes: Number of workers.
    """
    import tensorflow as tf

    tf.config.list_logical_devices()  # this process takes its GPUs and threads before the others' are written down
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, len(os.sched_getaffinity(0)) // processes)))


@contextlib.contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """Holds a variable of the environment at a value."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
