"""What a source yields and what the manifest keeps: films, rejections, manifest rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

#: The one reason that is no fault: the row's film was never meant to be here.
NOT_FETCHED: Final = "not_fetched"

#: Why ManifestGen leaves a film or a row out. Components behind it add codes of their own.
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cells": "a comma without quotes has shifted the row's cells, and they can be put back in no way or in several",
        "no_patient": "the row has no patient id",
        "modality": "not a radiograph: a CT slice, for instance",
        "outside_folder": "the name, or the link behind it, leads out of the folder of films; it was not opened",
        "no_file": "a row without a file",
        NOT_FETCHED: "a row without a file, of a collection of which the folder holds a part: no fault",
        "ambiguous": "a name in the metadata that fits several films, or a film that only such a name fits",
        "no_row": "a file without a row",
        "not_a_film": "a file of another kind among the films",
        "empty_file": "a film of 0 bytes",
        "unreadable": "a film that the file system does not hand out, or a DICOM file with a broken header",
        "frames": "a DICOM file of several frames",
        "photometric": "a DICOM file whose pixels are not gray",
        "unprocessed": "a DICOM file with a detector's raw values",
        "size": "a DICOM file with more pixels than are read",
        "copy": "a copy of a film that is kept; data.duplicates says drop",
        "copy_conflict": "copies of one film are of different classes, so neither label can be trusted",
        "duplicate_row": "the film already stands in the manifest or in another row",
        "finding": "no class claims the finding",
        "conflict": "folder and metadata put the film into different classes",
        "view": "a view outside data.views, or none",
    }
)


@dataclass(frozen=True)
class Rejection:
    """A film or a row that was left out, and why.

    Attributes:
        source: Name of the source in the settings.
        row: Line of the metadata file on which the row begins (the header is line 1); 0 for a file without a row.
        file: The film's name as the metadata spell it, or its path inside the source's folder of films.
        reason: One of `REASONS`, or a code of the component that rejects.
        detail: One sentence: the value, what is allowed, the next step. Never a patient id.
    """

    source: str
    row: int
    file: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Film:
    """A film that a source offers. Rules and fingerprint are filled in on the way to the manifest.

    Attributes:
        path: Absolute, links resolved.
        row: As in `Rejection`.
        source: Name of the source in the settings.
        file: As in `Rejection`.
        patient: Id as the source writes it; unique within the source only.
        finding: The source's own word, for class folders the finding that the settings give the folder; once the rules
            have passed the film, the word under which ``data.findings`` claims it.
        view: As the source spells it; one of `trainer.features.VIEWS` once the rules have passed the film.
        age: Years.
        sex: ``F``, ``M`` or None.
        stated: Finding that the metadata state beside the folder's; empty where only one of them speaks.
        label: Class; empty until the rules have passed the film.
        sha256: Of the file's bytes; empty until the film has been read.
        bytes: Size of the file; like all below 0 or empty until the film has been read.
        width: Pixels; 0 also for a film that cannot be opened, which XrayExampleGen rejects.
        height: Likewise.
        format: ``JPEG``, ``PNG``, ``GIF``, ``BMP`` or ``DICOM``.
        mode: Pillow's word for the kind of pixels, ``L`` or ``RGB`` for instance; for DICOM its photometric
            interpretation.
        group: 16 hex digits that all films have in common which are copies of one another; empty without a copy.
    """

    path: Path
    row: int
    source: str
    file: str
    patient: str
    finding: str
    view: str
    age: float | None = None
    sex: str | None = None
    stated: str = ""
    label: str = ""
    sha256: str = ""
    bytes: int = 0
    width: int = 0
    height: int = 0
    format: str = ""
    mode: str = ""
    group: str = ""

    def rejected(self, reason: str, detail: str) -> Rejection:
        """The rejection that takes this film's place."""
        return Rejection(self.source, self.row, self.file, reason, detail)


@dataclass(frozen=True)
class ManifestRow:
    """One row of ``manifest.csv``; the fields are its columns, in this order.

    Attributes:
        path: Absolute path of the film.
        sha256: Of the film's bytes, 64 hex digits.
        image_id: First digits of ``sha256``, `trainer.features.IMAGE_ID_LENGTH` of them.
        label: Class.
        finding: As ``data.findings`` spells it; a list has ``|`` between its parts.
        view: One of `trainer.features.VIEWS`.
        patient_id: Pseudonym.
        source: Name of the source in the settings.
        split: One of `trainer.features.SPLITS`, or a fold of a cross-validation, or ``unused``.
        age: Years.
        sex: ``F``, ``M`` or None.
        bytes: Like the five below as in `Film`.
        width: Pixels.
        height: Pixels.
        format: Of the file.
        mode: Of its pixels.
        group: Of its copies.
        row: As in `Rejection`, for the components behind that reject the film.
        file: As in `Rejection`.
    """

    path: str
    sha256: str
    image_id: str
    label: str
    finding: str
    view: str
    patient_id: str
    source: str
    split: str
    age: float | None
    sex: str | None
    bytes: int
    width: int
    height: int
    format: str
    mode: str
    group: str
    row: int
    file: str


def shown(value: str, limit: int = 40) -> str:
    """A foreign value in quotes, short enough and without control characters, for a message of one line."""
    text = "".join(character if character.isprintable() else " " for character in value)
    text = " ".join(text.split())
    return f"'{text}'" if len(text) <= limit else f"'{text[:limit]}…'"
