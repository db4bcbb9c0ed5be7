"""Whether a file holds one film that can be decoded: everything that can be told without decoding it."""

import io
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

#: What ``tf.io.decode_image`` reads, and so what the served model reads.
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP")
#: A film of 10,000 x 10,000 px decodes to 300 MB in the three channels that the decoder makes.
MAX_PIXELS: Final = 100_000_000
MIN_SIDE: Final = 64


def fault_of_film(data: bytes) -> tuple[str, str] | None:
    """Says why these bytes are no film.

    Returns:
        None for a film, else the reason (a short code) and one sentence about it. A file that is cut short
        passes here and fails in the decoder.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # MAX_PIXELS is the limit that counts
            with Image.open(io.BytesIO(data), formats=FORMATS) as film:
                (width, height), frames = film.size, getattr(film, "n_frames", 1)
    except Image.DecompressionBombError as error:
        return "size", f"{error}; at most {MAX_PIXELS} pixels are read"
    except UnidentifiedImageError:
        return "unreadable", f"begins with {data[:8]!r}, which is none of {', '.join(FORMATS)}"
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow's plugins raise on broken headers
        return "unreadable", f"broken header: {error}"
    if width * height > MAX_PIXELS:
        return "size", f"{width} x {height} px; at most {MAX_PIXELS} pixels are read"
    if min(width, height) < MIN_SIDE:
        return "size", f"{width} x {height} px; a film has at least {MIN_SIDE} px on its shorter side"
    if frames > 1:
        return "frames", f"{frames} frames; a film is a single frame"
    return None
