# A copy of trainer/dicom/header.py, made by serving/client/copy_conversion.py: edit that one.
"""What the pipeline takes from the header of a DICOM file, and nothing else of it."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydicom import uid
from pydicom.dataset import Dataset

from cxr_client._dicom.fault import DicomFault
from cxr_client._dicom.reading import guarded, read_elements
from cxr_client._film_size import oversize

#: Every element whose value is looked at beside those of the pixels. Names, dates and free text are not among them.
ALLOWED: Final = (
    "SOPInstanceUID",
    "Modality",
    "PresentationIntentType",
    "PatientID",
    "PatientSex",
    "PatientAge",
    "ViewPosition",
    "StudyInstanceUID",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsStored",
)

#: Low values are white, low values are black.
PHOTOMETRIC: Final = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True)
class DicomHeader:
    """Of texts, empty where the file says nothing; of numbers, 0.

    Attributes:
        rows: Height in pixels.
        columns: Width in pixels.
        frames: 1 for a film.
        samples: Values per pixel; 1 for a film.
        photometric: ``MONOCHROME1``, ``MONOCHROME2``, ``RGB``, ...
        bits: Of a value.
        modality: ``CR``, ``DX``, ...
        intent: ``FOR PRESENTATION`` or ``FOR PROCESSING``.
        view: View position as the file spells it.
        sex: ``F``, ``M``, ``O``.
        age: An age string: ``058Y``.
        patient: Patient id. Like the two below, for joining only: not shown where the header is.
        instance: SOP instance UID.
        study: Study instance UID.
        is_directory: A DICOMDIR: it lists films and holds none.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits: int
    modality: str
    intent: str
    view: str
    sex: str
    age: str
    patient: str = field(repr=False)
    instance: str = field(repr=False)
    study: str = field(repr=False)
    is_directory: bool


def header_of(file: bytes | Path) -> DicomHeader:
    """Reads a header; of a file on disk no more than that.

    Args:
        file: Its content, or where it lies.

    Raises:
        DicomFault: The header cannot be read.
        OSError: The file cannot be read.
    """
    if isinstance(file, bytes):
        return _header(read_elements(io.BytesIO(file), ALLOWED))
    with file.open("rb") as stream:
        return _header(read_elements(stream, ALLOWED))


def check(header: DicomHeader) -> None:
    """Says whether a header speaks of one film.

    Raises:
        DicomFault: It speaks of something else, or of a film that is too large to be decoded.
    """
    if header.is_directory:
        raise DicomFault("not_a_film", "a DICOMDIR lists films and holds none; nothing to do")
    if not (header.rows and header.columns):
        raise DicomFault("not_a_film", "a DICOM file that states no rows and columns, so holds no film; move the file")
    if header.frames != 1:
        raise DicomFault("frames", f"{header.frames} frames; a film is a single frame")
    if header.photometric not in PHOTOMETRIC or header.samples != 1:
        found = f"{header.photometric[:20] or 'missing'} of {header.samples} samples"
        raise DicomFault("photometric", f"photometric interpretation {found} is none of {', '.join(PHOTOMETRIC)} of 1")
    if header.intent == "FOR PROCESSING":
        raise DicomFault("unprocessed", "the detector's raw values, not for presentation; export the processed film")
    if fault := oversize(header.columns, header.rows):
        raise DicomFault("size", fault)


def _header(elements: Dataset) -> DicomHeader:
    with guarded("the header is broken"):
        return DicomHeader(
            rows=_number(elements, "Rows"),
            columns=_number(elements, "Columns"),
            frames=_number(elements, "NumberOfFrames", missing=1),
            samples=_number(elements, "SamplesPerPixel", missing=1),
            photometric=_text(elements, "PhotometricInterpretation").upper(),
            bits=_number(elements, "BitsStored"),
            modality=_text(elements, "Modality").upper(),
            intent=_text(elements, "PresentationIntentType").upper(),
            view=_text(elements, "ViewPosition"),
            sex=_text(elements, "PatientSex"),
            age=_text(elements, "PatientAge"),
            patient=_text(elements, "PatientID"),
            instance=_text(elements, "SOPInstanceUID"),
            study=_text(elements, "StudyInstanceUID"),
            is_directory=elements.file_meta.get("MediaStorageSOPClassUID") == uid.MediaStorageDirectoryStorage,
        )


def _text(elements: Dataset, keyword: str) -> str:
    value = elements.get(keyword)
    text = "" if value is None else str(value)
    return "".join(character for character in text if character.isprintable()).strip()


def _number(elements: Dataset, keyword: str, missing: int = 0) -> int:
    value = elements.get(keyword)
    return missing if value is None or value == "" else int(value)
