"""From density to a film: position, dose, tone, noise and the side marker; alike whatever the lungs show."""

from math import cos, radians, sin, sqrt

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from pipeline.sample.canvas import PIXELS_PER_UNIT, SIDE, Layer

FOCAL_SPOT = 0.005  #: blur of the whole picture in units of the canvas


def expose(rng: np.random.Generator, density: Layer, *, view: str, height: int, width: int) -> np.ndarray:
    """A film of a density layer, turned by a few degrees and shifted.

    Args:
        rng: Draws position, dose, tone and noise.
        density: float32 [SIDE, SIDE]; 0 is air, about 1 the densest.
        view: PA or AP; films taken in bed lie more askew, are flatter in tone and noisier.
        height: Of the film, in pixels.
        width: Of the film, in pixels.

    Returns:
        uint8 [height, width].
    """
    in_bed = view == "AP"
    placed = _place(rng, density, height, width, askew=1.5 if in_bed else 1.0)
    contrast = rng.uniform(2.0, 2.4) * (0.85 if in_bed else 1.0)
    tone = 1 - np.exp(-contrast * np.clip(placed, 0, None) ** rng.uniform(1.25, 1.45))
    low, high = rng.uniform(4, 22), rng.uniform(215, 245)
    grey = low + (high - low) * tone
    grain = rng.uniform(2.0, 5.0) + (1.0 if in_bed else 0.0)
    grey += grain * rng.standard_normal(grey.shape, dtype=np.float32)
    film = Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))
    _mark_side(rng, film)
    return np.asarray(film)


def _place(rng: np.random.Generator, density: Layer, height: int, width: int, askew: float) -> np.ndarray:
    """The part of the canvas that the film shows; float32 [height, width]."""
    angle = radians(rng.normal(0, 2.0 * askew))
    zoom = rng.uniform(0.94, 1.04)
    scale = 2 * zoom * PIXELS_PER_UNIT / sqrt(height * width)
    shift_x, shift_y = rng.normal(0, 0.025 * askew, 2) * PIXELS_PER_UNIT
    across, down = scale * cos(angle), scale * sin(angle)
    centre_x = SIDE / 2 + shift_x - across * width / 2 + down * height / 2
    centre_y = SIDE / 2 + shift_y - down * width / 2 - across * height / 2
    blurred = gaussian_filter(density, FOCAL_SPOT * PIXELS_PER_UNIT, truncate=2.5)
    film = Image.fromarray(blurred).transform(
        (width, height),
        Image.Transform.AFFINE,
        (across, -down, centre_x, down, across, centre_y),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(film)


def _mark_side(rng: np.random.Generator, film: Image.Image) -> None:
    """Puts the letter that marks the patient's left in an upper corner of two films in three."""
    if rng.random() < 1 / 3:
        return
    size = round(film.height * rng.uniform(0.035, 0.05))
    place = (film.width * rng.uniform(0.90, 0.95), film.height * rng.uniform(0.03, 0.10))
    ImageDraw.Draw(film).text(
        place, "L", fill=round(rng.uniform(200, 250)), font=ImageFont.load_default(size), anchor="mt"
    )
