"""A SavedModel in memory, once in a process: the components of a local run ask the one that is there."""

import os
from typing import Any, Final

import tensorflow as tf
from apache_beam.utils.shared import Shared

from trainer.servable import SAVED_MODEL

_LAST: Final = Shared()


def load_model(folder: str) -> Any:
    """What ``tf.saved_model.load`` returns; the model that was asked for last is not read again.

    Args:
        folder: Of the SavedModel, in any file system of TensorFlow.

    Raises:
        OSError: There is no SavedModel.
    """
    file = os.path.join(folder, SAVED_MODEL)
    if not tf.io.gfile.exists(file):
        raise FileNotFoundError(f"no SavedModel in {folder}")
    written = tf.io.gfile.stat(file)
    return _LAST.acquire(lambda: tf.saved_model.load(folder), tag=(folder, written.length, written.mtime_nsec))
