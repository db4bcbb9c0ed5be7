"""Turning, zooming, shifting and mirroring of films, as one matrix and one resampling for each."""

import math

import keras

from trainer.settings import Augmentation

_DRAWS = 5  # turn, zoom, shift right, shift down, mirror


def affine_matrices(
    turn: keras.KerasTensor,
    zoom: keras.KerasTensor,
    right: keras.KerasTensor,
    down: keras.KerasTensor,
    mirrored: keras.KerasTensor,
    image_size: int,
) -> keras.KerasTensor:
    """For every pixel of a changed film, where in the film it comes from.

    A film is turned about its middle, then zoomed about it, then shifted, then mirrored: the matrices of the four,
    multiplied.

    Args:
        turn: [B], radians; positive turns what is seen anticlockwise.
        zoom: [B], sides of the part of the film that fills the image; below 1 things get larger.
        right: [B], pixels.
        down: [B], pixels.
        mirrored: [B], -1 where left and right are exchanged, else 1.
        image_size: S, side of the images in pixels.

    Returns:
        float32 [B, 8], as ``keras.ops.image.affine_transform`` wants them.
    """
    ops = keras.ops
    middle = (image_size - 1) / 2
    cosine, sine = zoom * ops.cos(turn), zoom * ops.sin(turn)
    across, along = cosine * mirrored, sine * mirrored
    x, y = mirrored * middle + right, middle + down
    none = ops.zeros_like(turn)
    return ops.stack(
        [across, -sine, middle - cosine * x + sine * y, along, cosine, middle - sine * x - cosine * y, none, none],
        axis=1,
    )


class RandomAffine(keras.layers.Layer):
    """Turns, zooms, shifts and mirrors each film by amounts of its own, resampling it once.

    Keras's four layers resample three times and mirror in a fourth pass: each costs about what this one does, and each
    blurs. What they push over the edge is lost even where a later one brings it back; here it is not.

    Args:
        settings: ``rotation``, ``zoom``, ``shift`` and ``horizontal_flip``, at strength 1. A range of 0 draws nothing
            but 0, and leaves the draws of the others as they are.
        image_size: S, side of the images in pixels.
        seed: the same seed gives the same sequence of changes.
    """

    def __init__(self, settings: Augmentation, image_size: int, seed: int) -> None:
        super().__init__()
        self._settings, self._image_size = settings, image_size
        self._seeds = keras.random.SeedGenerator(seed)
        self.supports_jit = False  # XLA knows no image transformations

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """[B, S, S, 1] to the same, black where a pixel comes from outside; the identity unless in training."""
        if not training:
            return images
        # One draw for all ranges: on a GPU each would be a few kernels of its own.
        draws = keras.random.uniform((keras.ops.shape(images)[0], _DRAWS), -1, 1, seed=self._seeds)
        turn, zoom, right, down, mirror = keras.ops.unstack(draws, _DRAWS, axis=1)
        ranges, pixels = self._settings, self._settings.shift * self._image_size
        mirrored = keras.ops.where(mirror < 0, -1.0, 1.0) if ranges.horizontal_flip else keras.ops.ones_like(mirror)
        matrices = affine_matrices(
            turn * math.radians(ranges.rotation),
            1 + zoom * ranges.zoom,
            right * pixels,
            down * pixels,
            mirrored,
            self._image_size,
        )
        return keras.ops.image.affine_transform(images, matrices, fill_mode="constant", fill_value=0)
