"""Random changes to training films, as Keras layers that run on the device."""

import keras

from trainer.settings import Augmentation

_GREY_RANGE = (0, 255)


def build_augmentation(settings: Augmentation, image_size: int, seed: int) -> keras.Model:
    """The stack of random layers, for the training model only.

    Films keep what they show: a part that is turned or shifted out of the film is filled with black, as beyond the
    collimator.

    Args:
        settings: ranges; a layer whose range is 0 is left out.
        image_size: side of the images in pixels.
        seed: the same seed gives the same sequence of changes.

    Returns:
        Model from float32 [B, S, S, 1] in 0..255 to the same; the identity unless called with ``training=True``.
    """
    black = {"fill_mode": "constant", "fill_value": 0.0}
    layers: list[keras.layers.Layer] = []
    if settings.rotation:
        layers.append(keras.layers.RandomRotation(settings.rotation / 360, seed=seed, **black))
    if settings.zoom:
        layers.append(keras.layers.RandomZoom(settings.zoom, seed=seed + 1, **black))
    if settings.shift:
        layers.append(keras.layers.RandomTranslation(settings.shift, settings.shift, seed=seed + 2, **black))
    if settings.horizontal_flip:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed + 3))
    if settings.brightness:
        layers.append(keras.layers.RandomBrightness(settings.brightness, value_range=_GREY_RANGE, seed=seed + 4))
    if settings.contrast:
        layers.append(keras.layers.RandomContrast(settings.contrast, value_range=_GREY_RANGE, seed=seed + 5))
    if settings.noise:
        white = _GREY_RANGE[1]  # GaussianNoise takes no deviation above 1
        noise = keras.layers.GaussianNoise(settings.noise, seed=seed + 6)
        layers += [keras.layers.Rescaling(1 / white), noise, keras.layers.Rescaling(white)]
    layers.append(keras.layers.ReLU(max_value=_GREY_RANGE[1], name="clip"))
    return keras.Sequential([keras.Input((image_size, image_size, 1), name="image"), *layers], name="augmentation")
