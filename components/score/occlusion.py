"""A film with one part after another hidden. Pure numpy, no TensorFlow.

Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV (2014) 818-833, section 4.2.
"""

from typing import Final

import numpy as np

GRID: Final = 6  #: patches on each side; 36 forward passes a film


def occlude(image: np.ndarray) -> np.ndarray:
    """Covers each patch of a grid in turn with the film's own mean grey.

    Args:
        image: uint8 [S, S], S >= ``GRID``.

    Returns:
        uint8 [GRID * GRID, S, S], patches row by row.
    """
    edges = np.linspace(0, len(image), GRID + 1).round().astype(int)
    hidden = np.repeat(image[np.newaxis], GRID * GRID, axis=0)
    for patch, film in enumerate(hidden):
        row, column = divmod(patch, GRID)
        film[edges[row] : edges[row + 1], edges[column] : edges[column + 1]] = round(float(image.mean()))
    return hidden


def drop_map(probability: float, occluded: np.ndarray) -> np.ndarray:
    """How much the probability of the true class falls when a patch is hidden.

    Args:
        probability: On the film as it is.
        occluded: float32 [GRID * GRID], on the films of :func:`occlude`.

    Returns:
        float32 [GRID, GRID], -1..1; negative where hiding the patch helps.
    """
    return (np.float32(probability) - occluded.astype(np.float32)).reshape(GRID, GRID)
