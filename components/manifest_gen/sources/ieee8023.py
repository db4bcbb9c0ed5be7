"""A folder laid out as ieee8023's covid-chestxray-dataset: a metadata file and one folder of films.

Both schemas of that collection are read: that of early 2020 (``Patientid``, ``modality``, no ``folder``), and the later
one (``patientid``, ``RT_PCR_positive``, ..., ``folder``, findings as paths). So are those that borrowed it:
Actualmed's ``imagename``, and Figure 1's, which has no column for the file and calls it by the patient.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from components.manifest_gen.folder import list_films
from components.manifest_gen.inside import PathInside, Patterns
from components.manifest_gen.metadata import read_table
from components.manifest_gen.names import Names
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.aligned import rows_of
from components.manifest_gen.sources.base import TableOfFilms
from components.manifest_gen.sources.fields import Cell, FieldName, Fields
from components.manifest_gen.sources.pairing import paired


class Ieee8023Source(TableOfFilms):
    """A folder laid out as ieee8023's covid-chestxray-dataset: ``metadata.csv`` and ``images/``."""

    kind: Literal["ieee8023"]
    metadata: PathInside = "metadata.csv"
    images: Patterns = ("images",)


def read_ieee8023(source: Ieee8023Source, folder: Path) -> Iterator[Film | Rejection]:
    """Every row, as a film or a rejection, then every file that no row names.

    Raises:
        SourceError: No metadata, no column ``patientid``, ``finding`` or ``view``, no folder of films, no film in it.
    """
    table = read_table(folder / source.metadata)
    names = Names(listing := list_films(source, folder))

    def find(fields: Fields) -> tuple[str, ...]:
        # The folder is the publisher's (images, volumes); it decides only where a name alone does not.
        beside = names.find(f"{fields.folder}/{fields.file}") if fields.folder and fields.file else ()
        return beside or names.find(fields.file)

    file = next((column for column in ("filename", "imagename") if column in table.columns), "patientid")
    columns: dict[FieldName, str] = {"patient": "patientid", "file": file, "finding": "finding", "view": "view"}
    for name in ("age", "sex", "modality", "folder"):
        if name in table.columns:
            columns[name] = name
    layout = {field: Cell(f"{{{column}}}") for field, column in columns.items()}
    return paired(source.name, listing, rows_of(table, layout, find, source.name), find)
