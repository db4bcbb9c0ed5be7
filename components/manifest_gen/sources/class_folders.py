"""A folder with one sub-folder of films per finding, alone or with a Data_Entry file as NIH ChestX-ray14 has it."""

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from components.manifest_gen.demographics import age_of, sex_of
from components.manifest_gen.folder import Listing, find, list_films
from components.manifest_gen.metadata import MetadataRow, read_rows
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.base import SourceSettings
from components.manifest_gen.sources.claims import Claims
from components.manifest_gen.views import ViewName
from trainer.errors import SourceError

FILE: Final = "image index"
PATIENT: Final = "patient id"
VIEW: Final = "view position"


class ClassFoldersSource(SourceSettings):
    """A folder with one sub-folder of films per finding, and optionally a NIH-style Data_Entry CSV."""

    kind: Literal["class_folders"]
    folders: dict[str, str] = Field(description="sub-folder -> finding of the films in it")
    metadata: str | None = Field(None, description="CSV with Image Index, Patient ID, View Position, ...")
    view: ViewName | None = Field(None, description="view of films of which the CSV says nothing")

    @property
    def tables(self) -> tuple[str, ...]:
        """The CSV, if there is one."""
        return () if self.metadata is None else (self.metadata,)

    @property
    def films(self) -> tuple[str, ...]:
        """The sub-folders."""
        return tuple(self.folders)

    @property
    def names_patients(self) -> bool:
        """With a CSV only."""
        return self.metadata is not None


def read_class_folders(source: ClassFoldersSource, folder: Path) -> Iterator[Film | Rejection]:
    """Every film of every named sub-folder, and every row of the metadata, as a film or a rejection.

    With metadata a row goes with the file of its name, in whichever sub-folder it lies, and the row's own finding is
    handed on as `Film.stated`. Without, each file is a patient of its own, called by sub-folder and stem:
    ``a/1.png`` and ``b/1.png`` are two people.

    Raises:
        SourceError: A sub-folder that is missing, holds no film or lies in another; no metadata file; no column
            ``Image Index`` or ``Patient ID`` in it; no ``View Position`` either and no ``view`` in the settings.
    """
    listing, findings = _films(source, folder)
    if source.metadata is None:
        return _without_rows(source, listing, findings)
    needed = (FILE, PATIENT) if source.view else (FILE, PATIENT, VIEW)
    return _with_rows(source, read_rows(folder / source.metadata, needed), listing, findings)


def _films(source: ClassFoldersSource, folder: Path) -> tuple[Listing, dict[Path, str]]:
    """All sub-folders in one listing, and the finding of each film in it."""
    homes = {name: Path(os.path.realpath(folder / name)) for name in source.folders}
    for name, home in homes.items():
        for other, inner in homes.items():
            if name != other and inner.is_relative_to(home):
                raise SourceError(f"folders of source '{source.name}': '{other}' lies in '{name}'; name one of the two")
    ignored = folder / source.metadata if source.metadata else None
    listing: Listing = {}
    findings: dict[Path, str] = {}
    for name, finding in source.folders.items():
        prefix = f"{name}/"
        inside = list_films(folder / name, source.name, prefix=prefix, ignored=ignored)
        listing |= {prefix + file: entry for file, entry in inside.items()}
        findings |= {entry: finding for entry in inside.values() if isinstance(entry, Path)}
    return listing, findings


def _without_rows(
    source: ClassFoldersSource, listing: Listing, findings: dict[Path, str]
) -> Iterator[Film | Rejection]:
    for file, entry in listing.items():
        if isinstance(entry, Rejection):
            yield entry
        else:
            patient = posixpath.splitext(file)[0]
            yield Film(entry, 0, source.name, file, patient, findings[entry], view=source.view or "")


def _with_rows(
    source: ClassFoldersSource, rows: list[MetadataRow], listing: Listing, findings: dict[Path, str]
) -> Iterator[Film | Rejection]:
    by_name: dict[str, str] = {}
    for key in listing:  # of two files of one name the second is left without a row
        by_name.setdefault(posixpath.basename(key), key)
    claims = Claims(source.name, listing)
    for row in rows:
        file = row.cells[FILE]
        name = find(by_name, file)
        film = claims.take(row, file, by_name[name] if name else None, row.cells[PATIENT])
        if isinstance(film, Rejection):
            yield film
        else:
            yield Film(
                path=film,
                row=row.line,
                source=source.name,
                file=file,
                patient=row.cells[PATIENT],
                finding=findings[film],
                view=row.first(VIEW) or source.view or "",
                age=age_of(row.first("patient age")),
                sex=sex_of(row.first("patient gender", "patient sex")),
                stated=row.first("finding labels"),
            )
    yield from claims.left()
