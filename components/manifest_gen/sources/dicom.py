"""DICOM files as a device or an archive exports them: patient, view, age and sex stand in the files themselves.

What a film shows does not. Findings come from the folder that a film lies in, or from a table that names patients,
studies, films or files. Of a header only the elements of `trainer.dicom.header.ALLOWED` are read, and of those UIDs
serve to find a film's row and go no further.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from components.manifest_gen.demographics import age_of, sex_of
from components.manifest_gen.folder import Listed, Listing, list_films
from components.manifest_gen.inside import PathInside, Patterns
from components.manifest_gen.rows import Film, Rejection, shown
from components.manifest_gen.sources.base import SourceSettings
from components.manifest_gen.sources.class_folders import check_one_folder_each
from components.manifest_gen.sources.dicom_labels import DicomLabels, labelled
from components.manifest_gen.sources.pairing import RADIOGRAPHS
from components.manifest_gen.views import ViewName
from trainer.errors import SourceError

if TYPE_CHECKING:
    from trainer.dicom import DicomHeader


class DicomSource(SourceSettings):
    """DICOM files in folders, with any names."""

    kind: Literal["dicom"]
    folders: dict[PathInside, str] | None = Field(None, description="sub-folder, or pattern -> finding of its films")
    labels: DicomLabels | None = Field(None, description="table of findings, instead of folders")
    images: Patterns = Field((".",), description="with labels: where the films lie")
    view: ViewName | None = Field(None, description="view of films that state none")

    @model_validator(mode="after")
    def _findings_have_one_origin(self) -> "DicomSource":
        if bool(self.folders) == (self.labels is not None):
            raise ValueError("findings come from folders or from labels; give one of the two")
        if self.folders and "images" in self.model_fields_set:
            raise ValueError("images stands beside folders, which say where the films lie; drop images")
        return self

    @property
    def tables(self) -> tuple[str, ...]:
        """The table of findings, if there is one."""
        return () if self.labels is None else (self.labels.file,)

    @property
    def films(self) -> tuple[str, ...]:
        """Where the films lie."""
        return tuple(self.folders or self.images)

    @property
    def names_patients(self) -> bool:
        """Always: a film without an id is rejected."""
        return True


def read_dicom(source: DicomSource, folder: Path) -> Iterator[Film | Rejection]:
    """Every file, as a film or a rejection, and with a table every row.

    Raises:
        SourceError: No such folder, not a single DICOM film in it, a film in two of the sub-folders; no table, or no
            such column in it.
    """
    listing = list_films(source, folder, endings=None)
    if source.folders:
        check_one_folder_each(source, folder)
    headers: dict[str, DicomHeader] = {}
    for name, listed in listing.items():
        if isinstance(opened := _header(listed, source.name), Rejection):
            listing[name] = replace(listed, film=opened)
        else:
            headers[name] = opened
    if not headers:
        raise SourceError(f"{folder} holds no DICOM film; check the path of source '{source.name}'")
    of_film = {listed.film: headers[name] for name, listed in listing.items() if name in headers}
    for name, header in headers.items():
        if flaw := _flaw(header):
            listing[name] = replace(listing[name], film=Rejection(source.name, 0, name, *flaw))
    if source.labels:
        found = labelled(source.name, source.labels, folder, listing, headers)
    else:
        found = _in_folders(source.name, source.folders or {}, listing)
    for one in found:
        yield _described(one, of_film[one.path], source.view or "") if isinstance(one, Film) else one


def _header(listed: Listed, source: str) -> "DicomHeader | Rejection":
    from trainer.dicom import DicomFault, check, header_of  # pydicom loads for half a second, and settings import this

    if isinstance(listed.film, Rejection):
        return listed.film
    try:
        header = header_of(listed.film)
        check(header)
    except DicomFault as fault:
        return Rejection(source, 0, listed.file.name, fault.reason, fault.detail)
    except OSError as error:
        return Rejection(source, 0, listed.file.name, "unreadable", f"{error.strerror}; restore the file")
    return header


def _flaw(header: "DicomHeader") -> tuple[str, str] | None:
    if header.modality.casefold() not in RADIOGRAPHS:
        return "modality", f"modality {shown(header.modality)} is not CR, DX or RG; move the file"
    if not header.patient:
        return "no_patient", "PatientID is empty, so films of one patient could part; export the film with an id"
    return None


def _in_folders(source: str, findings: dict[str, str], listing: Listing) -> Iterator[Film | Rejection]:
    for name, listed in listing.items():
        if isinstance(listed.film, Rejection):
            yield listed.film
        else:
            yield Film(listed.film, 0, source, name, patient="", finding=findings[listed.file.pattern], view="")


def _described(film: Film, header: "DicomHeader", view: str) -> Film:
    """The film with what its header says; a view that the table states goes before it."""
    return replace(
        film,
        patient=header.patient,
        view=film.view or header.view or view,
        age=age_of(header.age),
        sex=sex_of(header.sex),
    )
