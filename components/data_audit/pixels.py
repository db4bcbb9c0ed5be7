"""What a film shows apart from the lungs: its rim, its brightness. Pure functions of small gray images."""

from typing import Final

import numpy as np
from PIL import Image
from skimage.feature import hog

#: Side to which films are scaled for the audit, and how much of it is rim on each side: 10 %.
SIDE: Final = 100
RIM: Final = 10
BINS: Final = 16


def shrink(image: np.ndarray) -> np.ndarray:
    """A gray image uint8 [S, S] as uint8 [SIDE, SIDE], without aliasing."""
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def rim_pixels(images: np.ndarray) -> np.ndarray:
    """The outer 10 % on every side of uint8 [N, SIDE, SIDE], as float [N, 3600], 0..1."""
    return images[:, _rim()] / 255.0


def rim_gradients(images: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients of films whose centre is blacked out, float [N, 900].

    9 orientations in cells of 10 x 10 pixels, each normalised for itself, so that the outer ring of cells is the rim
    and the next one sees its inner edge.

    Args:
        images: uint8 [N, SIDE, SIDE].

    Source: Dalal and Triggs, CVPR (2005) 886-893.
    """
    return np.array(
        [
            hog(np.where(_rim(), image, 0), orientations=9, pixels_per_cell=(RIM, RIM), cells_per_block=(1, 1))
            for image in images
        ]
    )


def rim_histogram(images: np.ndarray) -> np.ndarray:
    """Shares of the rim's pixels in 16 equal bins of gray, float [N, 16]."""
    return _shares(images[:, _rim()])


def brightness(images: np.ndarray) -> np.ndarray:
    """The mean of each film, float [N, 1], 0..1."""
    return images.mean(axis=(1, 2))[:, None] / 255.0


def histogram(images: np.ndarray) -> np.ndarray:
    """Shares of all pixels in 16 equal bins of gray, float [N, 16]."""
    return _shares(images.reshape(len(images), -1))


def _shares(pixels: np.ndarray) -> np.ndarray:
    return np.array([np.bincount(film // (256 // BINS), minlength=BINS) for film in pixels]) / pixels.shape[1]


def _rim() -> np.ndarray:
    rim = np.ones((SIDE, SIDE), bool)
    rim[RIM:-RIM, RIM:-RIM] = False
    return rim
