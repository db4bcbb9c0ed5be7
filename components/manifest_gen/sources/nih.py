"""NIH ChestX-ray14: a ``Data_Entry`` file and folders of PNGs, all of them or some.

Patients come from the column of that name, not from the file name. Findings are lists (``Infiltration|Pneumonia``).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from components.manifest_gen.folder import list_films
from components.manifest_gen.inside import PathInside, Patterns
from components.manifest_gen.metadata import Table, read_table
from components.manifest_gen.names import Names
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.aligned import rows_of
from components.manifest_gen.sources.base import TableOfFilms
from components.manifest_gen.sources.fields import Cell, FieldName, Fields, Layout
from components.manifest_gen.sources.pairing import paired

_COLUMNS: Final[dict[FieldName, str]] = {
    "file": "image index",
    "patient": "patient id",
    "finding": "finding labels",
    "view": "view position",
    "age": "patient age",
}
#: Of the first release and of the later one.
_SEX: Final = ("patient gender", "patient sex")


class NihSource(TableOfFilms):
    """A ``Data_Entry`` file and its films."""

    kind: Literal["nih"]
    metadata: PathInside = "Data_Entry_2017.csv"
    images: Patterns = ("images*",)
    partial: bool = Field(False, description="the films are a part of the collection: rows without one are no fault")


def read_nih(source: NihSource, folder: Path) -> Iterator[Film | Rejection]:
    """Every row, as a film or a rejection, then every file that no row names.

    Raises:
        SourceError: No metadata, one of the columns ``Image Index``, ``Patient ID``, ``Finding Labels`` or
            ``View Position`` missing, no folder of films, no film in it.
    """
    table = read_table(folder / source.metadata)
    names = Names(listing := list_films(source, folder))

    def find(fields: Fields) -> tuple[str, ...]:
        return names.find(fields.file)

    layout = layout_of_data_entry(table)
    return paired(source.name, listing, rows_of(table, layout, find, source.name), find, partial=source.partial)


def layout_of_data_entry(table: Table, view: str | None = None, *, needs_finding: bool = True) -> Layout:
    """Which column of a ``Data_Entry`` file says what.

    Args:
        table: The file.
        view: Of films of which the file says nothing; with one, the column may be missing.
        needs_finding: Whether the column of findings must be there.
    """
    optional = {"age"} | ({"view"} if view else set()) | (set() if needs_finding else {"finding"})
    layout: dict[FieldName, Cell] = {
        field: Cell(f"{{{column}}}", default=(view or "") if field == "view" else "")
        for field, column in _COLUMNS.items()
        if field not in optional or column in table.columns
    }
    if sex := next((column for column in _SEX if column in table.columns), None):
        layout["sex"] = Cell(f"{{{sex}}}")
    if view and "view" not in layout:
        layout["view"] = Cell("", default=view)
    return layout
