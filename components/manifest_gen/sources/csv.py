"""Any table with a row per film: settings say which column says what, so that no layout needs code of its own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from components.manifest_gen.folder import list_films
from components.manifest_gen.inside import PathInside, Patterns
from components.manifest_gen.metadata import column_name, read_table
from components.manifest_gen.names import Names
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.aligned import rows_of
from components.manifest_gen.sources.base import TableOfFilms
from components.manifest_gen.sources.fields import Cell, Fields, Layout
from components.manifest_gen.sources.pairing import paired

Name = Literal["file", "patient", "finding", "view", "age", "sex", "modality"]


def _one_group(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"'{pattern}' is no regular expression ({error})") from error
    if groups != 1:
        raise ValueError(f"'{pattern}' has {groups} groups; put one pair of brackets around what is meant")
    return pattern


def _names_a_column(text: str) -> str:
    if not text.strip() or not re.fullmatch(r"[^{}]*(\{[^{}]+\}[^{}]*)*", text):
        raise ValueError(f"'{text}' is neither a column nor a text with columns in braces, such as '{{id}}.png'")
    return text


class CsvSource(TableOfFilms):
    """A table and the films that it names."""

    kind: Literal["csv"]
    metadata: PathInside
    images: Patterns = (".",)
    columns: dict[Name, Annotated[str, AfterValidator(_names_a_column)]] = Field(
        description="what -> column that says it, or a text with columns in braces, such as '{folder}/{id}.png'"
    )
    patterns: dict[Name, Annotated[str, AfterValidator(_one_group)]] = Field(
        {}, description="what -> regular expression whose one group is the part of the text that says it"
    )
    values: dict[Name, dict[str, str]] = Field({}, description="what -> text in the table -> what it means")
    constants: dict[Name, str] = Field({}, description="what -> what holds where no column, or a blank cell, says it")
    partial: bool = Field(False, description="the films are a part of the collection: rows without one are no fault")

    @model_validator(mode="after")
    def _fields_are_there(self) -> "CsvSource":
        for name, why in (("file", "which film a row names"), ("finding", "what it shows"), ("view", "its view")):
            if name not in self.columns and (name == "file" or name not in self.constants):
                place = "columns" if name == "file" else "columns or constants"
                raise ValueError(f"nothing says {why}; name '{name}' under {place}")
        if unused := sorted({*self.patterns, *self.values} - set(self.columns)):
            raise ValueError(
                f"patterns or values of {', '.join(unused)}, of which columns says nothing; add the column"
            )
        if pointless := sorted({"file", "patient"} & set(self.constants)):
            raise ValueError(f"constants cannot give every film the same {' or '.join(pointless)}; name a column")
        return self

    @property
    def names_patients(self) -> bool:
        """If a column does."""
        return "patient" in self.columns

    @property
    def layout(self) -> Layout:
        """Which cells make which field."""
        return {name: self._cell(name) for name in dict.fromkeys([*self.columns, *self.constants])}

    def _cell(self, name: Name) -> Cell:
        column = self.columns.get(name, "")
        template = column if "{" in column or not column else f"{{{column}}}"
        return Cell(
            template=re.sub(r"\{([^{}]+)\}", lambda found: f"{{{column_name(found[1])}}}", template),
            part=re.compile(self.patterns[name]) if name in self.patterns else None,
            words={text.strip().casefold(): meant for text, meant in self.values.get(name, {}).items()},
            default=self.constants.get(name, ""),
        )


def read_csv(source: CsvSource, folder: Path) -> Iterator[Film | Rejection]:
    """Every row, as a film or a rejection, then every file that no row names.

    Without a column for the patient each film is a patient of its own.

    Raises:
        SourceError: No metadata, no such column (the nearest one is named), no folder of films, no film in it.
    """
    table = read_table(folder / source.metadata)
    names = Names(listing := list_films(source, folder))

    def find(fields: Fields) -> tuple[str, ...]:
        return names.find(fields.file)

    return paired(
        source.name,
        listing,
        rows_of(table, source.layout, find, source.name),
        find,
        partial=source.partial,
        names_patients=source.names_patients,
    )
