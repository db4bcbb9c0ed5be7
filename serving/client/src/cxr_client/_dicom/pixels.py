# A copy of trainer/dicom/pixels.py, made by serving/client/copy_conversion.py: edit that one.
"""The stored values of a film, from whichever of the transfer syntaxes."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import get_decoder
from pydicom.uid import RLELossless

from cxr_client._dicom.codestream import bare, run_length, size_of
from cxr_client._dicom.fault import unreadable
from cxr_client._dicom.reading import guarded

#: Elements that decoding takes.
ELEMENTS = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PixelData",
)


def stored_values(film: Dataset) -> np.ndarray:
    """Decodes the pixels.

    Args:
        film: Elements of one frame of gray pixels, of a size that may be decoded.

    Returns:
        uint8, int8, uint16 or int16 [rows, columns]; bits beyond those stored are cleared, or filled with the sign.

    Raises:
        DicomFault: They do not decode, or are not of the size that the header states.
    """
    with guarded("the pixels do not decode"):
        if "PixelData" not in film:
            unreadable("no pixel data: the file is cut off; fetch the film again")
        if film.BitsAllocated not in (8, 16):
            unreadable(f"{film.BitsAllocated} bits allocated to a pixel; 8 or 16 are read")
        syntax = film.file_meta.TransferSyntaxUID
        if syntax.is_encapsulated:
            frame = bare(get_frame(film.PixelData, 0, number_of_frames=1))
            _check_size(film, frame, is_rle=syntax == RLELossless)
            film.PixelData = encapsulate([frame])
        values = get_decoder(syntax).as_array(film, index=0, raw=True)[0]
        return values.astype(values.dtype.newbyteorder("="), copy=False)


def _check_size(film: Dataset, frame: bytes, *, is_rle: bool) -> None:
    if is_rle:
        stated = film.Rows * film.Columns * film.BitsAllocated // 8
        if (unpacked := run_length(frame)) > 2 * stated:
            unreadable(f"run lengths of {unpacked} bytes for {film.Columns} x {film.Rows} px of {stated} bytes")
        return
    found = size_of(frame)
    if found is None:
        unreadable("the compressed pixels do not begin as JPEG, JPEG-LS or JPEG 2000 do; export the film again")
    columns, rows, samples, bits = found
    if (columns, rows, samples) != (film.Columns, film.Rows, 1) or bits > 16:
        unreadable(
            f"compressed pixels of {columns} x {rows} px, {samples} values of {bits} bits each; the header says "
            f"{film.Columns} x {film.Rows} px, 1 value of up to 16 bits"
        )
