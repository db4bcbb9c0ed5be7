"""Random changes to training films, as Keras layers that run on the device."""

import keras

from trainer.affine import RandomAffine
from trainer.precision import SINGLE, precision
from trainer.settings import Augmentation

_GREY_RANGE = (0, 255)


class RandomRescaling(keras.layers.Layer):
    """Multiplies all grey levels of a film by one factor, drawn evenly from 1 - ``rescale`` to 1 + ``rescale``."""

    def __init__(self, rescale: float, seed: int) -> None:
        super().__init__()
        self._rescale, self._seeds = rescale, keras.random.SeedGenerator(seed)

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """[B, S, S, 1] to the same; the identity unless in training."""
        if not training:
            return images
        shape = (keras.ops.shape(images)[0], 1, 1, 1)
        return images * keras.random.uniform(shape, 1 - self._rescale, 1 + self._rescale, seed=self._seeds)


def build_augmentation(settings: Augmentation, image_size: int, seed: int) -> keras.Model:
    """The stack of random layers, for the training model only.

    Films keep what they show: a part that is turned or shifted out of the film is filled with black, as beyond the
    collimator.

    Args:
        settings: ranges and their strength; a layer whose range is 0 is left out.
        image_size: side of the images in pixels.
        seed: the same seed gives the same sequence of changes.

    Returns:
        Model from float32 [B, S, S, 1] in 0..255 to the same, float32 in mixed precision too: half floats would blur
        where a pixel comes from. The identity unless called with ``training=True``.
    """
    with precision(SINGLE):
        return _stack(settings.scaled(), image_size, seed)


def _stack(settings: Augmentation, image_size: int, seed: int) -> keras.Model:
    layers: list[keras.layers.Layer] = []
    if settings.moves:
        layers.append(RandomAffine(settings, image_size, seed))
    elif settings.horizontal_flip:  # by this XLA can compile the step
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed + 3))
    if settings.brightness:
        layers.append(keras.layers.RandomBrightness(settings.brightness, value_range=_GREY_RANGE, seed=seed + 4))
    if settings.contrast:
        layers.append(keras.layers.RandomContrast(settings.contrast, value_range=_GREY_RANGE, seed=seed + 5))
    if settings.noise:
        white = _GREY_RANGE[1]  # GaussianNoise takes no deviation above 1
        noise = keras.layers.GaussianNoise(settings.noise, seed=seed + 6)
        layers += [keras.layers.Rescaling(1 / white), noise, keras.layers.Rescaling(white)]
    if settings.rescale:
        layers.append(RandomRescaling(settings.rescale, seed + 7))
    layers.append(keras.layers.ReLU(max_value=_GREY_RANGE[1], name="clip"))
    return keras.Sequential([keras.Input((image_size, image_size, 1), name="image"), *layers], name="augmentation")
