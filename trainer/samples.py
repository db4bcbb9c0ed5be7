"""What is kept of a film in use, and of those that a model has learned from. No TensorFlow.

Both sides keep the same, so that they can be compared: of a number only in which of some twenty buckets it is. Finer
ones would tell a film: who holds it could compute its mean gray, and find that it was asked about.
"""

import math
from collections.abc import Mapping
from typing import Final

FORMAT: Final = "format"  #: ``JPEG``, ``PNG``, ``GIF`` or ``BMP``, as the model got it: a DICOM film comes as PNG
WIDTH: Final = "width"  #: pixels of the file
HEIGHT: Final = "height"  #: likewise
BRIGHTNESS: Final = "brightness"  #: mean gray of the network's image, 0 to 1
CONTRAST: Final = "contrast"  #: standard deviation of its grays, 0 to 0.5
DARK_RIM: Final = "dark_rim"  #: share of its outer tenth on every side that is nearly black, 0 to 1
LABEL: Final = "label"  #: the class that the model calls the film, or ``trainer.features.INVALID``
SCORE: Final = "score"  #: probability of the positive class, 0 to 1

#: What the served graph measures of the image that the network sees.
MEASURES: Final = (BRIGHTNESS, CONTRAST, DARK_RIM)
OF_FILM: Final = (FORMAT, WIDTH, HEIGHT, *MEASURES)
OF_ANSWER: Final = (LABEL, SCORE)

HOUR: Final = "hour"  #: UTC, ``2026-11-26T08``
MODEL: Final = "model"
VERSION: Final = "version"
#: Of a file of samples, in this order.
COLUMNS: Final = (HOUR, MODEL, VERSION, *OF_FILM, *OF_ANSWER)

#: Buckets of a number, about: 20 steps from end to end, and half steps of a doubling from 64 px to 20,000.
BUCKETS: Final = 20

#: File of a version, below its folder of statistics: of the films that it was trained on, and of what it says of those
#: of the test split.
REFERENCE: Final = "in_use.pb"

Values = dict[str, str]


def of_film(kind: str, width: int, height: int, measures: Mapping[str, float]) -> Values:
    """What is kept of a film.

    Args:
        kind: Its format, ``DICOM`` among them.
        width: Pixels.
        height: Pixels.
        measures: Of each of ``MEASURES``.
    """
    return {
        FORMAT: "PNG" if kind == "DICOM" else kind,
        WIDTH: _bucket_of_side(width),
        HEIGHT: _bucket_of_side(height),
        BRIGHTNESS: _bucket(measures[BRIGHTNESS], 1),
        CONTRAST: _bucket(measures[CONTRAST], 0.5),
        DARK_RIM: _bucket(measures[DARK_RIM], 1),
    }


def of_answer(label: str, score: float) -> Values:
    """What is kept of what the model says of a film."""
    return {LABEL: label, SCORE: _bucket(score, 1)}


def _bucket(value: float, most: float) -> str:
    """The nearest of 0, 1/20, ... of the most that there can be."""
    return f"{round(float(value) / most * BUCKETS) * most / BUCKETS:g}"


def _bucket_of_side(pixels: int) -> str:
    """The nearest, as ratios go, of 64, 91, 128, 181, 256, 362, ... pixels."""
    return f"{2 ** (round(2 * math.log2(max(pixels, 1))) / 2):.0f}"
