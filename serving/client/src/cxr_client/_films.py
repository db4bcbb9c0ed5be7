"""From what a caller has of a film to the file that a server decodes, checked in full before it is sent.

A film that the server's decoder rejects fails every film of its request and, on a server that batches, those of other
clients. So what is sent has been decoded here once. What passes here and still fails there is asked for alone. A JPEG
with damage between its head and its end passes in both places: libjpeg fills in what it cannot read, and Pillow does
not hand on that it did.
"""

import importlib.util
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydicom import uid

from cxr_client._dicom import DicomFault, is_dicom, to_png
from cxr_client._dicom.reading import read_elements
from cxr_client._errors import FilmError, UsageError
from cxr_client._film_size import MAX_PIXELS, oversize
from cxr_client._opening import FILTERS, FORMATS, opened
from cxr_client._structure import fault_of

#: A file (JPEG, PNG, GIF, BMP, DICOM) by its path or content, or the film's pixels.
Film: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | np.ndarray

_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")
#: Pillow's modes that a PNG file holds as they are.
_MODES: Final = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
#: The largest DICOM file: two bytes for every pixel, and its header.
_MAX_FILE: Final = 2 * MAX_PIXELS + (1 << 24)
#: Pixels that are decoded without another package, as the training pipeline decodes them.
_SIMPLE: Final = (*uid.UncompressedTransferSyntaxes, uid.RLELossless)


@dataclass(frozen=True)
class Sendable:
    """A film that may be sent.

    Attributes:
        index: in the call.
        name: for the caller.
        content: JPEG, PNG, GIF or BMP file that decodes.
    """

    index: int
    name: str
    content: bytes


class _Fault(Exception):
    """Reason and detail of a `FilmError`."""


def sendable(film: Film, index: int) -> Sendable | FilmError:
    """Reads, converts and checks one film.

    Args:
        film: files are sent as they are, DICOM as the PNG that the training pipeline makes of it, pixels as PNG.
        index: in the call.

    Raises:
        UsageError: No film at all, but an object of another type.
    """
    name = _name(film, index)
    try:
        return Sendable(index, name, _content(film))
    except _Fault as fault:
        return FilmError(index, name, *fault.args)
    except DicomFault as fault:
        return FilmError(index, name, fault.reason, fault.detail)


def _name(film: Film, index: int) -> str:
    if isinstance(film, str | os.PathLike):
        return os.fspath(film)
    for kind, name in ((bytes, "bytes"), (Image.Image, "image"), (np.ndarray, "array")):
        if isinstance(film, kind):
            return name
    raise UsageError(f"film {index} is of type {type(film).__name__}; give a path, bytes, a PIL image or a numpy array")


def _content(film: Film) -> bytes:
    if isinstance(film, np.ndarray):
        return _png_of_array(film)
    if isinstance(film, Image.Image):
        return _png(film)
    content = film if isinstance(film, bytes) else _read(Path(film))
    if is_dicom(content):
        with FILTERS:  # the conversion holds back warnings while it runs
            _check_decoders(content)
            return to_png(content)
    _check(content)
    return content


def _read(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device may have no end
            _refuse("unreadable", "cannot be read (not a regular file); give an image file")
        if found.st_size > _MAX_FILE:
            _refuse("size", f"{found.st_size} bytes; at most {_MAX_FILE} are read")
        with path.open("rb") as stream:
            content = stream.read(found.st_size + 1)
    except (OSError, ValueError) as error:  # ValueError: no name that a file can have
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        _refuse("unreadable", f"cannot be read ({reason}); give an image file")
    if len(content) != found.st_size:
        _refuse("unreadable", "changes while it is read; ask again when it is written")
    return content


def _check(content: bytes) -> None:
    if not content:
        _refuse("unreadable", "empty; fetch the film again")
    if fault := fault_of(content):
        _refuse(*fault)
    try:
        # Twice: verify() compares check sums, which the server's PNG decoder does too, and only load() decodes.
        for test in ("verify", "load"):
            with opened(content) as image:
                if large := oversize(*image.size):
                    _refuse("size", large)
                image.draft(None, (1, 1))  # of a JPEG every bit is read, but no more pixels are made than must be
                getattr(image, test)()
    except _Fault:
        raise
    except UnidentifiedImageError:
        if content.startswith(_SIGNATURES):
            _refuse("unreadable", "does not decode: broken header; fetch the film again")
        _refuse("unreadable", f"begins with {content[:8]!r}, which is none of {', '.join((*FORMATS, 'DICOM'))}")
    except Image.DecompressionBombError as error:
        _refuse("size", f"{error}; at most {MAX_PIXELS} pixels are read")
    except Exception as error:  # Pillow's decoders raise what they like: struct.error, SyntaxError, zlib.error
        _refuse("unreadable", f"does not decode: {error}; fetch the film again")


def _check_decoders(content: bytes) -> None:
    syntax = read_elements(io.BytesIO(content), ()).file_meta.TransferSyntaxUID
    if syntax not in _SIMPLE and not all(map(importlib.util.find_spec, ("libjpeg", "openjpeg"))):
        _refuse("unreadable", f"DICOM of {syntax.name}, which takes pip install 'cxr-client[dicom]'")


def _png_of_array(film: np.ndarray) -> bytes:
    if film.dtype.kind != "u" or film.dtype.itemsize > 2:
        _refuse("unreadable", f"array of {film.dtype}; give grey levels as uint8 or uint16")
    if film.ndim == 3 and film.shape[2] == 1:
        film = film[..., 0]
    colour = film.ndim == 3 and film.shape[2] in (3, 4) and film.dtype.itemsize == 1
    if not (film.ndim == 2 or colour):
        _refuse(
            "unreadable",
            f"array {film.shape} of {film.dtype}; give one film, [height, width] or uint8 [height, width, 3]",
        )
    if not film.size:
        _refuse("size", f"array {film.shape}; a film has pixels")
    return _png(Image.fromarray(np.ascontiguousarray(film.astype(film.dtype.newbyteorder("=")))))


def _png(image: Image.Image) -> bytes:
    if image.mode not in _MODES:
        _refuse("unreadable", f"image of mode {image.mode}; give one of {', '.join(_MODES)}, by image.convert('L') say")
    if fault := oversize(*image.size):
        _refuse("size", fault)
    stream = io.BytesIO()
    try:
        image.save(stream, "PNG", compress_level=1)
    except (OSError, SyntaxError, ValueError) as error:  # an image that is read from a broken file only now
        _refuse("unreadable", f"does not decode: {error}; fetch the film again")
    return stream.getvalue()


def _refuse(reason: str, detail: str) -> NoReturn:
    raise _Fault(reason, detail)
