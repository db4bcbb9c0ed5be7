# A copy of trainer/film_size.py, made by serving/client/copy_conversion.py: edit that one.
"""The largest film that is decoded, whatever its format."""

from typing import Final

#: A film of 10,000 x 10,000 px decodes to 300 MB in the three channels that the decoder makes.
MAX_PIXELS: Final = 100_000_000


def oversize(width: int, height: int) -> str | None:
    """One sentence about a film that is too large to be decoded; None for any other."""
    if width * height <= MAX_PIXELS:
        return None
    return f"{width} x {height} px; at most {MAX_PIXELS} pixels are read"
