"""Pictures of films and maps as small PNG files. No TensorFlow."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

SIDE: Final = 144  #: of a film in a picture, pixels
GAP: Final = 4
#: Colours in a picture of films and in one of a map: with all of them a film's noise would triple its size.
_GREYS, _COLOURS = 64, 256
FULL: Final = 0.05  #: drop of a probability that is shown in full colour where no patch has a larger one
#: From no heat to the most: black, violet, orange, yellow; readable without colour too, for it only gets lighter.
_HEAT: Final = np.array([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)], float)
_FOR, _AGAINST = np.array([249, 142, 9], float), np.array([66, 146, 255], float)


def stretch(heat: np.ndarray, side: int) -> np.ndarray:
    """A map float [h, w] over a film, float32 [side, side], between its lowest and highest value."""
    film = Image.fromarray(heat.astype(np.float32), mode="F").resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(film)


def draw_row(images: Iterable[np.ndarray], path: Path) -> None:
    """Films uint8 [S, S] side by side."""
    _save([_grey(image) for image in images], path, _GREYS)


def draw_heat(image: np.ndarray, heat: np.ndarray, path: Path) -> None:
    """A film uint8 [S, S], and beside it the film under its heat map float [h, w], 0..1."""
    film, warmth = _grey(image), stretch(heat, SIDE)[..., np.newaxis]
    steps = np.linspace(0, 1, len(_HEAT))
    colours = np.stack([np.interp(warmth[..., 0], steps, channel) for channel in _HEAT.T], axis=-1)
    _save([film, film + 0.65 * warmth**0.5 * (colours - film)], path, _COLOURS)


def draw_occlusion(image: np.ndarray, drop: np.ndarray, path: Path) -> None:
    """A film uint8 [S, S], and beside it the film under its occlusion map float [h, w].

    Orange: hiding the patch takes from the probability of the true class; blue: it adds to it. The strongest patch has
    full colour, if it is worth five percentage points.
    """
    film = _grey(image)
    patches = Image.fromarray(drop.astype(np.float32), mode="F").resize((SIDE, SIDE), Image.Resampling.NEAREST)
    strength = np.asarray(patches)[..., np.newaxis] / max(float(np.abs(drop).max()), FULL)
    colours = np.where(strength > 0, _FOR, _AGAINST)
    _save([film, film + 0.65 * np.abs(strength) * (colours - film)], path, _COLOURS)


def _grey(image: np.ndarray) -> np.ndarray:
    """float64 [SIDE, SIDE, 3]."""
    small = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.repeat(np.asarray(small, float)[..., np.newaxis], 3, axis=-1)


def _save(films: Sequence[np.ndarray], path: Path, colours: int) -> None:
    gap = np.full((SIDE, GAP, 3), 128.0)
    parts = [part for film in films for part in (film, gap)][:-1]
    picture = np.clip(np.concatenate(parts, axis=1).round(), 0, 255).astype(np.uint8)
    Image.fromarray(picture).quantize(colours, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)
