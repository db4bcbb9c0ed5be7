# A copy of trainer/dicom/grey.py, made by serving/client/copy_conversion.py: edit that one.
"""From the values that a film stores to 256 grey levels, as PS3.3 C.11 and C.7.6.3.1.2 have a viewer do it.

A film has at most 65,536 different values, so each is worked out once. pydicom's functions for the single steps are
not used: `apply_voi` wraps around in a table of 8 bits with more than 256 entries, and what `apply_windowing` gives
lies in a range that would have to be worked out a second time to bring it to 0..255.
"""

import math
from typing import Final

import numpy as np
from pydicom.dataset import Dataset

from cxr_client._dicom.fault import unreadable
from cxr_client._dicom.reading import guarded
from cxr_client._dicom.table import first_table

#: Elements that the steps take.
ELEMENTS: Final = (
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleIntercept",
    "RescaleSlope",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "PresentationLUTShape",
)

#: Slopes, intercepts and windows beyond this are no numbers of a film, and their products would overflow.
MAX_NUMBER: Final = 1e12


def grey_levels(stored: np.ndarray, film: Dataset) -> np.ndarray:
    """Takes stored values through modality, value of interest and presentation.

    Modality: the first table, else slope and intercept. Value of interest: the first table, else the first window,
    else from the lowest to the highest value in the film, padding aside. The range that this step can give becomes
    0..255, rounded, and is turned around for MONOCHROME1 and where the presentation says INVERSE (which DICOM says
    of the same films: it is not done twice).

    Args:
        stored: integer [rows, columns], 8 or 16 bits.
        film: With `ELEMENTS`.

    Returns:
        uint8 [rows, columns], 0 black to 255 white; 0 throughout for a film of one value without a window.

    Raises:
        DicomFault: A window, a table or a number that makes no sense.
    """
    with guarded("the grey levels cannot be worked out"):
        lowest, highest = int(stored.min()), int(stored.max())
        # Differences of integers wrap around in their own type and are right when read without a sign.
        unsigned = stored.view(f"u{stored.itemsize}")
        places = unsigned - np.array(lowest, stored.dtype).view(unsigned.dtype)
        values = np.arange(lowest, highest + 1)
        modal = _modality(values, film)
        shares = _of_interest(modal, film)
        if shares is None:
            shares = _full_range(modal, _in_film(values, places, film))
        levels = np.rint(255 * shares).astype(np.uint8)
        if film.PhotometricInterpretation == "MONOCHROME1" or film.get("PresentationLUTShape") == "INVERSE":
            levels = 255 - levels
        return levels[places]


def window(values: np.ndarray, center: float, width: float, function: str = "LINEAR") -> np.ndarray:
    """The share of the output range that a window gives (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2).

    Args:
        values: any shape.
        center: of the window.
        width: of the window; at least 1 for LINEAR, above 0 for the others.
        function: LINEAR, LINEAR_EXACT or SIGMOID.

    Returns:
        float64 of the shape of `values`, 0..1.

    Raises:
        DicomFault: Another function, or a width that it does not allow.
    """
    least = 1 if function == "LINEAR" else 0
    if width < least or width == 0:
        unreadable(f"window width {width:g} of function {function} is not {'at least 1' if least else 'above 0'}")
    if function == "SIGMOID":
        with np.errstate(over="ignore"):  # infinity is as good as any other number far outside the window
            return 1 / (1 + np.exp(-4 * (values - center) / width))
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    elif function != "LINEAR_EXACT":
        unreadable(f"window function {function[:20]!r} is not one of LINEAR, LINEAR_EXACT, SIGMOID")
    if width == 0:
        return (values > center).astype(np.float64)
    return np.clip((values - center) / width + 0.5, 0, 1)


def _modality(values: np.ndarray, film: Dataset) -> np.ndarray:
    if table := first_table(film, "ModalityLUTSequence", signed=bool(film.PixelRepresentation)):
        return table.of(values)
    slope, intercept = _number(film, "RescaleSlope"), _number(film, "RescaleIntercept")
    return values * (1.0 if slope is None else slope) + (intercept or 0.0)


def _of_interest(modal: np.ndarray, film: Dataset) -> np.ndarray | None:
    signed = bool(film.PixelRepresentation) or bool(modal.min() < 0)
    if table := first_table(film, "VOILUTSequence", signed=signed):
        return table.of(modal) / table.highest
    center, width = _number(film, "WindowCenter"), _number(film, "WindowWidth")
    if center is None or width is None:
        return None
    return window(modal, center, width, str(film.get("VOILUTFunction") or "LINEAR").upper())


def _full_range(modal: np.ndarray, in_film: np.ndarray) -> np.ndarray:
    low, high = modal[in_film].min(), modal[in_film].max()
    return np.clip((modal - low) / (high - low), 0, 1) if high > low else np.zeros_like(modal)


def _in_film(values: np.ndarray, places: np.ndarray, film: Dataset) -> np.ndarray:
    """Which of the values stand in the film and are not padding; all of them if no other is left."""
    present = np.zeros(len(values), bool)
    present[places] = True
    padding = film.get("PixelPaddingValue")
    if padding is None:
        return present
    limit = film.get("PixelPaddingRangeLimit")
    low, high = sorted((padding, padding if limit is None else limit))
    kept = present & ((values < low) | (values > high))
    return kept if kept.any() else present


def _number(film: Dataset, keyword: str) -> float | None:
    """The first of the numbers of an element, None where there is none."""
    value = film.get(keyword)
    if value is None or value == "":
        return None
    number = float(value if isinstance(value, int | float | str) else value[0])
    if not math.isfinite(number) or abs(number) > MAX_NUMBER:
        unreadable(f"{keyword} {number:g} is no number of a film; export the film again")
    return number
