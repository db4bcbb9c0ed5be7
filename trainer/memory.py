"""Memory that does not suffice, told in one line."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from trainer.errors import RunError
from trainer.settings import TrainerSettings


@contextlib.contextmanager
def explained_memory(settings: TrainerSettings) -> Iterator[None]:
    """Turns an out-of-memory error of TensorFlow or Python into one that says what to set.

    Raises:
        RunError: Memory ran out inside.
    """
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        size = settings.batch_size
        smaller = f"trainer.batch_size to {size // 2}" if size > 1 else "a smaller data.image_size"
        raise RunError(
            f"out of memory with trainer.batch_size {size} and {settings.backbone}; set {smaller}, or a smaller "
            "trainer.backbone"
        ) from error
