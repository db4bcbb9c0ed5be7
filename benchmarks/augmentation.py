"""Films a second of the augmentation: films moved by one matrix each, against Keras's own layers in a row.

::

    python -m benchmarks.augmentation [--pairs 9] [--image-size 224] [--batch-size 32]

Both have the default ranges of ``trainer.augmentation``, in a graph, on the first GPU or, without one, on the CPU.
Half a minute. What share of a training step the augmentation takes is in the table of ``benchmarks.gpu``.
"""

import argparse
import os
import statistics
from collections.abc import Callable, Sequence
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import keras
import tensorflow as tf

from benchmarks.claim import Row
from benchmarks.pairs import take_pairs
from benchmarks.results import table
from trainer.affine import RandomAffine
from trainer.augmentation import build_augmentation
from trainer.settings import Augmentation

UNMOVED: Final = {"rotation": 0.0, "zoom": 0.0, "shift": 0.0, "horizontal_flip": False}


def keras_layers(settings: Augmentation) -> list[keras.layers.Layer]:
    """What turns, zooms, shifts and mirrors films in Keras, in the order in which ``RandomAffine`` does it."""
    black: dict[str, Any] = {"fill_mode": "constant", "fill_value": 0.0}
    return [
        keras.layers.RandomRotation(settings.rotation / 360, **black),
        keras.layers.RandomZoom(settings.zoom, **black),
        keras.layers.RandomTranslation(settings.shift, settings.shift, **black),
        keras.layers.RandomFlip("horizontal"),
    ]


def measure(image_size: int, batch_size: int, pairs: int) -> list[Row]:
    """Two rows: what moves films alone, and all of the augmentation.

    Args:
        image_size: Side of the images in pixels.
        batch_size: Films of a batch, which is the work of a round.
        pairs: Rounds of each.
    """
    settings = Augmentation()
    unmoved = build_augmentation(settings.model_copy(update=UNMOVED), image_size, 1)
    moved = [RandomAffine(settings, image_size, 1)]
    images = tf.random.uniform((batch_size, image_size, image_size, 1), 0, 255)
    rows = []
    for what, ours, peer in (
        ("turn, zoom, shift, mirror", moved, keras_layers(settings)),
        ("the whole augmentation", [*moved, unmoved], [*keras_layers(settings), unmoved]),
    ):
        taken = take_pairs(_round(ours, images), _round(peer, images), pairs)
        rates = (f"{batch_size / statistics.median(one):,.0f} films/s" for one in (taken.ours, taken.peer))
        rows.append(
            Row(
                claim=0,
                what=f"{what}, batches of {batch_size} films of {image_size} px",
                against="Keras's layers in a row",
                unit="x as fast",
                values=taken.speed_ups,
                ours=next(rates),
                peer=next(rates),
            )
        )
    return rows


def _round(layers: Sequence[keras.layers.Layer], images: tf.Tensor) -> Callable[[], object]:
    def augmented(batch: tf.Tensor) -> tf.Tensor:
        for layer in layers:
            batch = layer(batch, training=True)
        return batch

    function = tf.function(augmented)
    return lambda: function(images).numpy()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9, help="default %(default)s")
    parser.add_argument("--image-size", type=int, default=224, help="side in pixels, default %(default)s")
    parser.add_argument("--batch-size", type=int, default=32, help="films, default %(default)s")
    given = parser.parse_args(arguments)
    print(table(measure(given.image_size, given.batch_size, given.pairs)))


if __name__ == "__main__":
    main()
