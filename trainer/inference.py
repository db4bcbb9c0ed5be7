"""A network over all films of a split, once."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from trainer.checkpoint import load_arrays, save_arrays
from trainer.input import Split
from trainer.progress import track

#: Split, what is said beside the progress bar, augmentation or None -> float32 [n, d].
Infer = Callable[[Split, str, keras.Model | None], np.ndarray]


class Inference:
    """A network that is traced once and then run over splits, with or without augmentation before it.

    Args:
        network: image [B, S, S, 1] in 0..255 -> [B, d].
        batch_size: films at once.
    """

    def __init__(self, network: keras.Model, batch_size: int) -> None:
        self._batch_size = batch_size
        images = tf.TensorSpec([None, *network.input_shape[1:]], tf.float32)
        self._forward = tf.function(lambda image: network(image, training=False), input_signature=[images])

    def __call__(self, split: Split, what: str, augmentation: keras.Model | None = None) -> np.ndarray:
        """float32 [n, d], in the order of the records. ``what`` is said beside the progress bar."""
        batches = split.batches(self._batch_size)
        outputs = []
        for images, _ in track(batches, what, -(-len(split) // self._batch_size)):
            images = tf.cast(images, tf.float32)
            if augmentation is not None:
                images = augmentation(images, training=True)
            outputs.append(self._forward(images).numpy())
        return np.concatenate(outputs)


def kept(infer: Infer, file: Path, split: Split, what: str, augmentation: keras.Model | None = None) -> np.ndarray:
    """What ``infer`` answers, kept in ``file``, so that a run which goes on does not compute it again."""
    arrays = load_arrays(file)
    if arrays is None:
        arrays = {"outputs": infer(split, what, augmentation)}
        save_arrays(file, arrays)
    return arrays["outputs"]
