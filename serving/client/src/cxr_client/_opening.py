"""Image files opened without Pillow's own word on their size."""

import io
import threading
import warnings
from typing import Final

from PIL import Image

#: What the server decodes.
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP")
#: Filters of warnings are of the whole process, and threads would restore each other's: one at a time.
FILTERS: Final = threading.Lock()


def opened(content: bytes) -> Image.Image:
    """Reads the header of an image file; whoever decodes it later compares its size with ``MAX_PIXELS``."""
    with FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # warns below MAX_PIXELS, which counts
        return Image.open(io.BytesIO(content), formats=FORMATS)
