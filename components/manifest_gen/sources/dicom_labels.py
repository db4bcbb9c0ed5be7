"""The table beside DICOM films: which finding belongs to which of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, model_validator

from components.manifest_gen.folder import Listing
from components.manifest_gen.inside import PathInside
from components.manifest_gen.metadata import column_name, read_table
from components.manifest_gen.names import Names
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.aligned import Row, rows_of
from components.manifest_gen.sources.fields import Cell, FieldName, Fields, Layout
from components.manifest_gen.sources.pairing import paired
from components.manifest_gen.sources.plausible import Find
from trainer.strict import Settings

if TYPE_CHECKING:
    from trainer.dicom import DicomHeader

Column = Literal["key", "finding", "view"]

_FIELDS: Final[Mapping[Column, FieldName]] = {"key": "file", "finding": "finding", "view": "view"}
#: What the key of a row is compared with, unless it is a file's name.
_IDS: Final[Mapping[str, "Callable[[DicomHeader], str]"]] = {
    "patient": lambda header: header.patient,
    "study_instance_uid": lambda header: header.study,
    "sop_instance_uid": lambda header: header.instance,
}


class DicomLabels(Settings):
    """A table of findings."""

    file: PathInside = Field(description="CSV, relative to the source's folder")
    match: Literal["patient", "study_instance_uid", "sop_instance_uid", "file"] = Field(
        description="what the key of a row is; the row of a patient or a study is that of all films of it"
    )
    columns: dict[Column, Annotated[str, Field(min_length=1)]] = Field(
        description="what -> column that says it; a view goes before the film's own"
    )
    partial: bool = Field(False, description="the films are a part of the collection: rows without one are no fault")

    @model_validator(mode="after")
    def _key_and_finding_are_there(self) -> "DicomLabels":
        if missing := [name for name in ("key", "finding") if name not in self.columns]:
            raise ValueError(f"nothing says which column is the {' or the '.join(missing)}; name it under columns")
        return self


def labelled(
    source: str, labels: DicomLabels, folder: Path, listing: Listing, headers: "Mapping[str, DicomHeader]"
) -> Iterator[Film | Rejection]:
    """Every row, as films or as a rejection, then every file that no row means.

    A row is yielded once for each film that it means. Ids are handed on by neither: a row without a film is known by
    its line, unless its key is a file's name.

    Args:
        source: Name of the source.
        labels: Its settings.
        folder: Its folder.
        listing: What lies in there.
        headers: Name in the listing -> header, of every file that has one.

    Raises:
        SourceError: No such table, or no such column in it.
    """
    table = read_table(folder / labels.file)
    layout: Layout = {_FIELDS[name]: Cell(f"{{{column_name(text)}}}") for name, text in labels.columns.items()}
    if labels.match == "file":
        names = Names(listing)

        def find(fields: Fields) -> tuple[str, ...]:
            return names.find(fields.file)

        rows: Iterable[Row] = rows_of(table, layout, find, source)
    else:
        films = _films_by(_IDS[labels.match], headers)

        def find(fields: Fields) -> tuple[str, ...]:
            return (fields.file,) if fields.file in listing else ()

        def find_all(fields: Fields) -> tuple[str, ...]:
            return films.get(fields.file, ())

        rows = _row_per_film(rows_of(table, layout, find_all, source), find_all)
    return paired(source, listing, rows, find, partial=labels.partial, names_patients=False)


def _films_by(
    id_of: "Callable[[DicomHeader], str]", headers: "Mapping[str, DicomHeader]"
) -> dict[str, tuple[str, ...]]:
    films: dict[str, list[str]] = defaultdict(list)
    for name, header in headers.items():
        if found := id_of(header):
            films[found].append(name)
    return {found: tuple(names) for found, names in films.items()}


def _row_per_film(rows: Iterable[Row], find: Find) -> Iterator[Row]:
    """The rows as often as they have films, with the film's name in the place of the id."""
    for row in rows:
        for name in find(row.fields) or ("",):
            yield replace(row, fields=replace(row.fields, file=name))
