"""The square on which a body is drawn: its coordinates, soft edges, brush strokes, clouds.

x runs to the image's right and y down, both -EXTENT..EXTENT with 0 in the middle of the chest; a film shows about
-1..1 of it, so that there is body left to show when the film is turned or shifted. Layers are float32 [SIDE, SIDE].
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

SIDE = 400
EXTENT = 1.25
PIXELS_PER_UNIT = SIDE / (2 * EXTENT)

Layer = np.ndarray
Curve = np.ndarray  #: float [points, 2], x and y


class Stroke(NamedTuple):
    """A curve drawn with a brush."""

    curve: Curve
    width: float  #: in units of the canvas
    strength: float  #: 0..1


@lru_cache(maxsize=1)
def coordinates() -> tuple[Layer, Layer]:
    """X [1, SIDE] and y [SIDE, 1] of the pixel centres; they broadcast to a layer."""
    axis = ((np.arange(SIDE, dtype=np.float32) + 0.5) / PIXELS_PER_UNIT - EXTENT).astype(np.float32)
    return axis[None, :], axis[:, None]


def step(distance: Layer, softness: float) -> Layer:
    """Smooth 0..1: 0 below ``-softness``, 1 above ``+softness``, half where the distance is 0."""
    # In place: fresh layers cost more than the arithmetic.
    t = distance * (0.5 / softness)
    t += 0.5
    np.clip(t, 0, 1, out=t)
    smooth = -2 * t
    smooth += 3
    smooth *= t
    smooth *= t
    return smooth


def radius(centre: tuple[float, float], radii: tuple[float, float], tilt: float = 0.0) -> Layer:
    """Distance from the centre of an ellipse in units of its radii: 1 on its rim; ``tilt`` in degrees, clockwise."""
    x, y = coordinates()
    angle = np.radians(tilt)
    along, across = np.cos(angle), np.sin(angle)
    u = (x - centre[0]) * (along / radii[0]) + (y - centre[1]) * (across / radii[0])
    v = (y - centre[1]) * (along / radii[1]) - (x - centre[0]) * (across / radii[1])
    u *= u
    v *= v
    u += v
    return np.sqrt(u, out=u)


def bump(centre: tuple[float, float], radii: tuple[float, float], tilt: float = 0.0) -> Layer:
    """A soft hill: 1 in the middle of the ellipse, about 0 from twice its radii on."""
    hill = radius(centre, radii, tilt)
    hill *= hill
    hill *= -1.2
    return np.exp(hill, out=hill)


def paint(strokes: Iterable[Stroke]) -> Layer:
    """Strokes on an empty layer, later over earlier; float32 [SIDE, SIDE], 0..1, with hard edges."""
    image = Image.new("L", (SIDE, SIDE))
    brush = ImageDraw.Draw(image)
    for curve, width, strength in strokes:
        brush.line(_to_pixels(curve), fill=round(255 * strength), width=max(1, round(width * PIXELS_PER_UNIT)))
    return np.asarray(image, dtype=np.float32) / 255


def fill(outlines: Sequence[Curve]) -> Layer:
    """The inside of closed outlines; float32 [SIDE, SIDE], 0..1, with hard edges."""
    image = Image.new("L", (SIDE, SIDE))
    brush = ImageDraw.Draw(image)
    for outline in outlines:
        brush.polygon(_to_pixels(outline), fill=255)
    return np.asarray(image, dtype=np.float32) / 255


def clouds(rng: np.random.Generator, size: float) -> Layer:
    """Smooth noise with lumps of about ``size`` canvas units, mean about 0, standard deviation about 1."""
    cells = max(4, round(2 * EXTENT / size))
    coarse = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    return np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) * 1.4


def _to_pixels(curve: Curve) -> list[float]:
    """x, y, x, y, ... as Pillow takes them fastest."""
    pixels: list[float] = ((curve + EXTENT) * PIXELS_PER_UNIT).ravel().tolist()
    return pixels
