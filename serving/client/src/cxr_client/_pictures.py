"""A film under its heat map."""

import io
from typing import Final

import numpy as np
from PIL import Image

from cxr_client._opening import opened

#: From no heat to the most: black, violet, orange, yellow; readable without colour too, for it only gets lighter.
_HEAT: Final = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))
_LEVELS: Final = np.linspace(0, 1, 256)


def overlay(film: bytes, heat: bytes, opacity: float) -> Image.Image:
    """Draws a map over a film.

    Args:
        film: an image file.
        heat: a PNG file of any size; it is stretched over the film, as the film was for the network.
        opacity: of the map where it is strongest, 0..1.

    Returns:
        RGB, of the film's size.
    """
    under = grey(film)
    with Image.open(io.BytesIO(heat), formats=["PNG"]) as image:
        levels = image.convert("L").resize(under.size, Image.Resampling.BILINEAR)
    mask = levels.point((255 * opacity * _LEVELS**0.5).round().astype(int).tolist())
    steps = np.linspace(0, 1, len(_HEAT))
    palette = np.stack([np.interp(_LEVELS, steps, channel) for channel in zip(*_HEAT, strict=True)], axis=-1)
    levels.putpalette(palette.round().astype(np.uint8).tobytes())
    return Image.composite(levels.convert("RGB"), under.convert("RGB"), mask)


def grey(film: bytes) -> Image.Image:
    """The first frame of an image file, for a person to look at, in mode L."""
    with opened(film) as image:
        if image.mode.startswith("I;16"):  # Pillow would clip it
            return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        return image.convert("L")
