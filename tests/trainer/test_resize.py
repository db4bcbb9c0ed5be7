"""Resizing by rows gives what TensorFlow's own resize gives."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.resize import resize_rows


@pytest.mark.parametrize("sides", [(1, 1), (9, 200), (64, 64), (131, 64), (301, 257)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [tf.uint8, tf.float32])
def test_rows_and_then_columns_are_bit_for_bit_the_antialiased_resize(
    sides: tuple[int, int], channels: int, dtype: tf.DType
) -> None:
    film = tf.cast(np.random.default_rng(3).integers(256, size=(*sides, channels)), dtype)
    columns = tf.transpose(resize_rows(film, 64), [1, 0, 2])
    image = tf.transpose(resize_rows(columns, 48), [1, 0, 2])
    np.testing.assert_array_equal(image, tf.image.resize(film, [64, 48], antialias=True))
