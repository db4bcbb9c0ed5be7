"""A film's image in three numbers: one function for the films of a training and for the served graph."""

from typing import Final

import numpy as np
import tensorflow as tf

from trainer.samples import BRIGHTNESS, CONTRAST, DARK_RIM

#: Gray levels below it are nearly black: a tenth of the range.
DARK: Final = 26
#: Of a film that is not valid, which has no image.
NO_MEASURE: Final = -1.0


def measures(images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Brightness, contrast and dark rim.

    Args:
        images: uint8 [N, S, S, 1], N may be 0.

    Returns:
        brightness, the mean, float32 [N] in 0..1; contrast, the standard deviation, float32 [N] in 0..0.5; dark_rim,
        the share of gray levels below ``DARK`` in the outer tenth on every side, float32 [N] in 0..1.
    """
    gray = tf.cast(images[..., 0], tf.float32)
    rim = tf.boolean_mask(gray, _rim(images.shape[1]), axis=1)
    return {
        BRIGHTNESS: tf.reduce_mean(gray, [1, 2]) / 255,
        CONTRAST: tf.math.reduce_std(gray, [1, 2]) / 255,
        DARK_RIM: tf.reduce_mean(tf.cast(rim < DARK, tf.float32), 1),
    }


def _rim(side: int) -> np.ndarray:
    width = max(1, side // 10)
    rim = np.ones((side, side), bool)
    rim[width:-width, width:-width] = False
    return rim
