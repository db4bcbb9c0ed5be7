"""A folder with one sub-folder of films per finding, alone or with a Data_Entry file as NIH ChestX-ray14 has it."""

from collections.abc import Iterator
from pathlib import Path
from posixpath import splitext
from typing import Literal

from pydantic import Field

from components.manifest_gen.folder import Listing, files_of, list_films
from components.manifest_gen.inside import PathInside
from components.manifest_gen.metadata import read_table
from components.manifest_gen.names import Names
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.aligned import rows_of
from components.manifest_gen.sources.base import SourceSettings
from components.manifest_gen.sources.fields import Fields
from components.manifest_gen.sources.nih import layout_of_data_entry
from components.manifest_gen.sources.pairing import paired
from components.manifest_gen.views import ViewName
from trainer.errors import SourceError


class ClassFoldersSource(SourceSettings):
    """A folder with one sub-folder of films per finding, and optionally a NIH-style Data_Entry CSV."""

    kind: Literal["class_folders"]
    folders: dict[PathInside, str] = Field(min_length=1, description="sub-folder, or pattern -> finding of its films")
    metadata: PathInside | None = Field(None, description="CSV with Image Index, Patient ID, View Position, ...")
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
        SourceError: A sub-folder that is missing or holds no film, a film in two of them; no metadata file; no column
            ``Image Index`` or ``Patient ID`` in it; no ``View Position`` either and no ``view`` in the settings.
    """
    listing = list_films(source, folder)
    check_one_folder_each(source, folder)
    if source.metadata is None:
        return _without_rows(source, listing)
    table = read_table(folder / source.metadata)
    names = Names(listing)

    def find(fields: Fields) -> tuple[str, ...]:
        return names.find(fields.file)

    layout = layout_of_data_entry(table, source.view, needs_finding=False)
    rows = rows_of(table, layout, find, source.name)
    return paired(source.name, listing, rows, find, findings=source.folders)


def check_one_folder_each(source: SourceSettings, folder: Path) -> None:
    """Checks that no film lies in two of the folders of a source.

    Raises:
        SourceError: One does, and so would have two findings.
    """
    patterns: dict[Path, str] = {}
    for file in files_of(source, folder):
        if patterns.setdefault(file.path, file.pattern) != file.pattern:
            raise SourceError(
                f"folders of source '{source.name}': '{patterns[file.path]}' and '{file.pattern}' both hold "
                f"{file.path}; name one of the two"
            )


def _without_rows(source: ClassFoldersSource, listing: Listing) -> Iterator[Film | Rejection]:
    for name, listed in listing.items():
        if isinstance(listed.film, Rejection):
            yield listed.film
        else:
            finding = source.folders[listed.file.pattern]
            yield Film(listed.film, 0, source.name, name, splitext(name)[0], finding, view=source.view or "")
