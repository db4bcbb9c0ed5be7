# A copy of trainer/dicom/reading.py, made by serving/client/copy_conversion.py: edit that one.
"""A DICOM file as the few elements that are asked for, whatever is wrong with the rest of it."""

import io
import logging
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Final

from pydicom import uid
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from cxr_client._dicom.fault import DicomFault, unreadable
from cxr_client._film_size import MAX_PIXELS

#: 128 bytes of anything, then the four letters (PS3.10, 7.1).
PREAMBLE: Final = 128
PREFIX: Final = b"DICM"

#: Ways to write pixels that are read; video, JPIP and HTJ2K are not.
SYNTAXES: Final = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.RLELossless,
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
)

#: Two bytes for each pixel of the largest film, and room for a header. More of a deflated file is not unpacked.
MAX_INFLATED: Final = 2 * MAX_PIXELS + (1 << 24)
#: A value of the header in bytes; DICOM allows 64 characters for an id, of up to 4 bytes each.
MAX_VALUE: Final = 1024
#: A sequence of look-up tables in bytes; one table has at most 65,536 entries of 2.
MAX_TABLES: Final = 1 << 22

_PIXEL_DATA: Final = 0x7FE00010
_PIXEL_GROUP: Final = 0x7FE00000


def is_dicom(data: bytes) -> bool:
    """Whether the bytes begin as a DICOM file does. A data set without that head is not read."""
    return data[PREAMBLE : PREAMBLE + len(PREFIX)] == PREFIX


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Turns whatever pydicom and its decoders make of broken bytes into a fault.

    Their warnings and log lines are held back, and the fault names no more than the kind of error: they quote
    values, and a value of a broken header may be anything.

    Args:
        what: What is wrong if an error comes up; the fault's sentence begins with it.
    """
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DicomFault:
        raise
    except Exception as error:  # struct.error, RecursionError, KeyError, MemoryError: there is no end of kinds
        fault = DicomFault("unreadable", f"{what} ({type(error).__name__}); export the film again")
        raise fault from None
    finally:
        logger.setLevel(level)


def read_elements(stream: BinaryIO, keywords: Sequence[str]) -> Dataset:
    """Reads a file's meta information and the elements asked for; no other element gets into memory.

    Args:
        stream: The file, at its beginning.
        keywords: Of elements, as pydicom names them. The pixels are read only if ``PixelData`` is among them.

    Returns:
        Those elements that are there, undecoded, and ``file_meta``.

    Raises:
        DicomFault: No DICOM file, a transfer syntax that is not read, a broken header, a value of absurd length.
    """
    with guarded("the header is broken"):
        if not is_dicom(stream.read(PREAMBLE + len(PREFIX))):
            raise DicomFault("not_a_film", "does not begin as a DICOM file does, with 128 bytes and 'DICM'; move it")
        meta = read_dataset(
            stream,
            is_implicit_VR=False,
            is_little_endian=True,
            stop_when=lambda tag, _, __: tag >> 16 != 2,
            specific_tags=_tags(["MediaStorageSOPClassUID", "TransferSyntaxUID"]),
        )
        syntax = uid.UID(meta.get("TransferSyntaxUID") or "")
        if syntax not in SYNTAXES:
            name = syntax.name if syntax in uid.UID_dictionary else "that is missing or unknown"
            unreadable(f"transfer syntax {name}: not read; export the film uncompressed or as JPEG 2000")
        last = _PIXEL_DATA if "PixelData" in keywords else _PIXEL_GROUP
        found = read_dataset(
            _inflated(stream) if syntax.is_deflated else stream,
            is_implicit_VR=syntax.is_implicit_VR,
            is_little_endian=syntax.is_little_endian,
            stop_when=lambda tag, _, __: tag > last,
            specific_tags=_tags(keywords),
        )
        for element in found.elements():
            if isinstance(element, RawDataElement) and element.tag != _PIXEL_DATA:
                limit = MAX_TABLES if element.tag in _tags(["ModalityLUTSequence", "VOILUTSequence"]) else MAX_VALUE
                if element.length > limit:
                    unreadable(
                        f"element {element.tag} has {element.length} bytes, more than {limit}; export the film again"
                    )
        found.file_meta = FileMetaDataset(meta)
    return found


def _inflated(stream: BinaryIO) -> BinaryIO:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(stream.read(), MAX_INFLATED)
    if inflater.unconsumed_tail:
        raise DicomFault("size", f"unpacks to more than {MAX_INFLATED} bytes; at most {MAX_PIXELS} pixels are read")
    return io.BytesIO(data)


def _tags(keywords: Sequence[str]) -> list[BaseTag | int]:
    return [BaseTag(tag) for tag in map(tag_for_keyword, keywords) if tag is not None]
