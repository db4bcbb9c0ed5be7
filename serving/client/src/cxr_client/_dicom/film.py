# A copy of trainer/dicom/film.py, made by serving/client/copy_conversion.py: edit that one.
"""The one conversion of a DICOM film, for records and for predictions alike."""

import io
from typing import Final

from PIL import Image

from cxr_client._dicom import grey, pixels
from cxr_client._dicom.header import check, header_of
from cxr_client._dicom.reading import is_dicom, read_elements

#: Fast: records are made from it at once, and a server is told it once.
_COMPRESSION: Final = 1


def to_png(data: bytes) -> bytes:
    """Converts a DICOM film.

    Args:
        data: The file's content.

    Returns:
        A PNG file of 8-bit gray: the film as a viewer would first show it (`cxr_client._dicom.grey.grey_levels`).

    Raises:
        DicomFault: Not one film of gray pixels of a size that may be decoded, or broken.
    """
    check(header_of(data))
    film = read_elements(io.BytesIO(data), (*pixels.ELEMENTS, *grey.ELEMENTS))
    levels = grey.grey_levels(pixels.stored_values(film), film)
    stream = io.BytesIO()
    Image.fromarray(levels, "L").save(stream, "PNG", compress_level=_COMPRESSION)
    return stream.getvalue()


def decodable(data: bytes) -> bytes:
    """The film in a format that `trainer.preprocessing` decodes: of a DICOM film its PNG, any other file as it is.

    Raises:
        DicomFault: As `to_png`.
    """
    return to_png(data) if is_dicom(data) else data
