"""What the bytes of a film say of it, read once: digest, attributes, and the fingerprint that finds its copies."""

import hashlib
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from components.manifest_gen.duplicates.fingerprint import Fingerprint, fingerprint_of
from components.xray_example_gen.film_check import FORMATS, fault_of_film
from trainer.dicom import decodable, header_of, is_dicom

#: Longest side, in pixels, at which films are compared; JPEGs are made smaller while they are decoded.
LOOK_SIDE: Final = 512


@dataclass(frozen=True)
class Contents:
    """The contents of a film's file.

    Attributes:
        sha256: 64 hex digits.
        bytes: Size of the file.
        width: Pixels; 0 like all below for a file that holds no film, which XrayExampleGen rejects with the reason.
        height: Pixels.
        format: As in `components.manifest_gen.rows.Film`.
        mode: As there.
        fingerprint: None for a file that holds no film.
    """

    sha256: str
    bytes: int
    width: int = 0
    height: int = 0
    format: str = ""
    mode: str = ""
    fingerprint: Fingerprint | None = field(default=None, compare=False, repr=False)

    @property
    def attributes(self) -> dict[str, Any]:
        """All but the fingerprint, by the names of `components.manifest_gen.rows.Film`."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "fingerprint"}


#: Films in, their contents out in the same order, or the operating system's reason why a film cannot be read.
Reader = Callable[[Sequence[Path]], Sequence[Contents | str]]


def read_contents(paths: Sequence[Path]) -> list[Contents | str]:
    """Reads films one by one; the `Reader` for a few of them."""
    return [_contents_or_fault(path) for path in paths]


def contents_of(data: bytes) -> Contents:
    """What the bytes of a file say."""
    known = Contents(hashlib.sha256(data).hexdigest(), len(data))
    if fault_of_film(data):
        return known
    try:
        width, height, kind, mode = _described(data)
        fingerprint = fingerprint_of(look_at(data))
    except Exception:  # broken behind an intact header, where decoders raise what they like
        return known
    return replace(known, width=width, height=height, format=kind, mode=mode, fingerprint=fingerprint)


def look_at(data: bytes) -> npt.NDArray[np.uint8]:
    """A film as it is compared with others: uint8 [height, width], the longest side at most `LOOK_SIDE` pixels.

    Decoded by Pillow, so not to be mixed with what a network sees.

    Raises:
        Exception: The bytes hold no film; which one is up to the decoder.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(decodable(data)), formats=FORMATS) as film:
            film.draft("L", (LOOK_SIDE, LOOK_SIDE))
            if film.mode.startswith("I"):  # 16 bits, which Pillow would clip to 8
                gray = Image.fromarray((np.asarray(film).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
            else:
                gray = (film if film.mode == "L" else film.convert("RGB")).convert("L")
            gray.thumbnail((LOOK_SIDE, LOOK_SIDE))
            return np.asarray(gray)


def _described(data: bytes) -> tuple[int, int, str, str]:
    if is_dicom(data):
        header = header_of(data)
        return header.columns, header.rows, "DICOM", header.photometric
    with Image.open(io.BytesIO(data), formats=FORMATS) as film:
        return *film.size, str(film.format), film.mode


def _contents_or_fault(path: Path) -> Contents | str:
    try:
        return contents_of(path.read_bytes())
    except OSError as error:
        return error.strerror or str(error)
