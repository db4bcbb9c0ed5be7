"""Where the lungs lie in most frontal chest films: a fixed region, no segmentation. Pure numpy, no TensorFlow.

It serves to say how much of a heat map lies where lungs mostly are. On a film that is turned, cropped or of an unusual
chest it is wrong, and nothing may depend on it that concerns a single patient.
"""

from typing import Final

import numpy as np

#: Two ellipses, mirror images of each other, in parts of the side: distance of the centre from the film's middle, its
#: height from above, half width, half height. Set by eye on mean films.
OFFSET: Final = 0.20
HEIGHT: Final = 0.45
HALF_WIDTH: Final = 0.17
HALF_HEIGHT: Final = 0.32


def lung_field(side: int) -> np.ndarray:
    """The region on a film of ``side`` pixels, bool [side, side], symmetrical left to right."""
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    across = (np.abs(x - 0.5) - OFFSET) / HALF_WIDTH
    down = (y - HEIGHT) / HALF_HEIGHT
    return np.asarray(across**2 + down**2 <= 1)


def share_inside(heat: np.ndarray, field: np.ndarray) -> float | None:
    """Share of a heat map's mass that lies in a region.

    Args:
        heat: float [S, S], not negative.
        field: bool [S, S].

    Returns:
        0..1; None where the map is empty.
    """
    total = float(heat.sum())
    return float(heat[field].sum()) / total if total > 0 else None
