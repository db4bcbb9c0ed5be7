"""Whether a file holds one film that can be decoded: everything that can be told without decoding it."""

import io
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

from trainer.dicom import DicomFault, check, header_of, is_dicom
from trainer.film_size import MAX_PIXELS, oversize

#: What ``tf.io.decode_image`` reads, and so what the served model reads.
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP")
MIN_SIDE: Final = 64


def fault_of_film(data: bytes) -> tuple[str, str] | None:
    """Says why these bytes are no film.

    Returns:
        None for a film, else the reason (a short code) and one sentence about it. A file that is cut short
        passes here and fails in the decoder.
    """
    if is_dicom(data):
        return _fault_of_dicom(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # MAX_PIXELS is the limit that counts
            with Image.open(io.BytesIO(data), formats=FORMATS) as film:
                (width, height), frames = film.size, getattr(film, "n_frames", 1)
    except Image.DecompressionBombError as error:
        return "size", f"{error}; at most {MAX_PIXELS} pixels are read"
    except UnidentifiedImageError:
        return "unreadable", f"begins with {data[:8]!r}, which is none of {', '.join((*FORMATS, 'DICOM'))}"
    except Exception as error:  # Pillow's plugins raise what they like on broken headers: struct.error, IndexError
        return "unreadable", f"broken header: {error}"
    if fault := oversize(width, height):
        return "size", fault
    if frames > 1:
        return "frames", f"{frames} frames; a film is a single frame"
    return _undersize(width, height)


def _fault_of_dicom(data: bytes) -> tuple[str, str] | None:
    try:
        header = header_of(data)
        check(header)
    except DicomFault as fault:
        return fault.reason, fault.detail
    return _undersize(header.columns, header.rows)


def _undersize(width: int, height: int) -> tuple[str, str] | None:
    if min(width, height) < MIN_SIDE:
        return "size", f"{width} x {height} px; a film has at least {MIN_SIDE} px on its shorter side"
    return None
