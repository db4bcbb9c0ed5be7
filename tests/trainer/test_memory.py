import pytest
import tensorflow as tf

from trainer.errors import RunError
from trainer.memory import explained_memory
from trainer.settings import TrainerSettings


@tf.function
def _take(floats: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.fill([floats], 1.0))


@pytest.mark.parametrize("batch_size, to_set", [(32, "trainer.batch_size to 16"), (1, "a smaller data.image_size")])
def test_memory_that_tensorflow_cannot_have_names_the_batch_size_and_what_to_set(batch_size, to_set):
    settings = TrainerSettings(backbone="cnn", batch_size=batch_size)
    with (
        pytest.raises(RunError, match=f"out of memory with trainer.batch_size {batch_size} and cnn; set {to_set}"),
        explained_memory(settings),
    ):
        _take(tf.constant(2**48, tf.int64))  # a PiB: more than a process can address


def test_memory_that_python_cannot_have_says_the_same():
    with pytest.raises(RunError, match="out of memory"), explained_memory(TrainerSettings()):
        bytearray(2**50)


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), explained_memory(TrainerSettings()):
        _ = 1 / 0
