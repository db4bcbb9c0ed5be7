"""A folder laid out as ieee8023's covid-chestxray-dataset: a metadata file and one folder of films.

Both schemas of that collection are read (``Patientid`` of early 2020 and ``patientid`` of later), and those that
borrowed it: Actualmed's ``imagename``, and Figure 1's, which has no column for the file and calls it by the patient.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from components.manifest_gen.demographics import age_of, sex_of
from components.manifest_gen.folder import find, list_films
from components.manifest_gen.metadata import read_rows
from components.manifest_gen.rows import Film, Rejection, shown
from components.manifest_gen.sources.base import SourceSettings
from components.manifest_gen.sources.claims import Claims

PATIENT: Final = "patientid"
FINDING: Final = "finding"
VIEW: Final = "view"

#: ``CR`` and ``DX`` are DICOM's codes for plain radiographs. A blank says nothing; the view then decides.
RADIOGRAPHS: Final = ("x-ray", "xray", "cr", "dx", "")


class Ieee8023Source(SourceSettings):
    """A folder laid out as ieee8023's covid-chestxray-dataset: ``metadata.csv`` and ``images/``."""

    kind: Literal["ieee8023"]
    metadata: str = "metadata.csv"
    images: str = "images"

    @property
    def tables(self) -> tuple[str, ...]:
        """The metadata file."""
        return (self.metadata,)

    @property
    def films(self) -> tuple[str, ...]:
        """The folder of films."""
        return (self.images,)

    @property
    def names_patients(self) -> bool:
        """Always."""
        return True


def read_ieee8023(source: Ieee8023Source, folder: Path) -> Iterator[Film | Rejection]:
    """Every row, as a film or a rejection, then every file that no row names.

    Raises:
        SourceError: No metadata, no column ``patientid``, ``finding`` or ``view``, no folder of films, no film in it.
    """
    metadata = folder / source.metadata
    rows = read_rows(metadata, needed=(PATIENT, FINDING, VIEW))
    claims = Claims(source.name, list_films(folder / source.images, source.name, ignored=metadata))
    for row in rows:
        file = row.cells[next((column for column in ("filename", "imagename") if column in row.cells), PATIENT)]
        modality = row.first("modality")
        film = claims.take(row, file, find(claims.listing, file), row.cells[PATIENT])
        if modality.casefold() not in RADIOGRAPHS and not row.surplus:
            detail = f"modality {shown(modality)} is not X-ray; drop the row"
            yield Rejection(source.name, row.line, file, "modality", detail)
        elif isinstance(film, Rejection):
            yield film
        else:
            yield Film(
                path=film,
                row=row.line,
                source=source.name,
                file=file,
                patient=row.cells[PATIENT],
                finding=row.cells[FINDING],
                view=row.cells[VIEW],
                age=age_of(row.first("age")),
                sex=sex_of(row.first("sex")),
            )
    yield from claims.left()
