"""What the bytes of a film say of it, read once: digest and attributes."""

import hashlib
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

#: Pillow's names of what is read beside DICOM.
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP")


@dataclass(frozen=True)
class Contents:
    """The contents of a film's file.

    Attributes:
        sha256: 64 hex digits.
        bytes: Size of the file.
        width: Pixels; 0 like all below for bytes that cannot be opened as a film.
        height: Pixels.
        format: As in `components.manifest_gen.rows.Film`.
        mode: As there.
    """

    sha256: str
    bytes: int
    width: int = 0
    height: int = 0
    format: str = ""
    mode: str = ""

    @property
    def attributes(self) -> dict[str, Any]:
        """By the names of `components.manifest_gen.rows.Film`."""
        return asdict(self)


#: Films in, their contents out in the same order, or the operating system's reason why a film cannot be read.
Reader = Callable[[Sequence[Path]], Sequence[Contents | str]]


def read_contents(paths: Sequence[Path]) -> list[Contents | str]:
    """Reads films one by one; the `Reader` for a few of them."""
    return [_contents_or_fault(path) for path in paths]


def contents_of(data: bytes) -> Contents:
    """What the bytes of a file say."""
    known = Contents(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # XrayExampleGen says what is wrong with a film
            with Image.open(io.BytesIO(data), formats=FORMATS) as film:
                return Contents(known.sha256, known.bytes, *film.size, str(film.format), film.mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return known


def _contents_or_fault(path: Path) -> Contents | str:
    try:
        return contents_of(path.read_bytes())
    except OSError as error:
        return error.strerror or str(error)
