"""What one row of a table says of its film, and from which cells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

FieldName = Literal["file", "patient", "finding", "view", "age", "sex", "modality", "folder"]

_COLUMN: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Fields:
    """One row's texts, as the source spells them; empty where it says nothing.

    Attributes:
        file: Name of the film.
        patient: Id of the patient.
        finding: What the film shows.
        view: View position.
        age: Age of the patient.
        sex: Sex of the patient.
        modality: What kind of picture it is.
        folder: Folder that the film lies in, where the table has a column for it.
    """

    file: str = ""
    patient: str = ""
    finding: str = ""
    view: str = ""
    age: str = ""
    sex: str = ""
    modality: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Cell:
    """How a field is made from the cells of a row.

    Attributes:
        template: Text with names of columns in braces, ``{folder}/{id}.png``. If one of these cells is blank, so is
            the whole.
        part: Pattern of which the first group is taken; a text that it does not match counts as blank.
        words: Text in lower case -> what it means.
        default: Instead of a blank.
    """

    template: str
    part: re.Pattern[str] | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    default: str = ""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the template, in its order."""
        return tuple(_COLUMN.findall(self.template))

    @property
    def is_one_column(self) -> bool:
        """Whether the template is a column and nothing else."""
        return _COLUMN.fullmatch(self.template) is not None

    def text(self, cells: Mapping[str, str]) -> str:
        """What a row's cells (column -> text without surrounding blanks) say."""
        whole = all(cells.get(column) for column in self.columns)
        return self.meaning(_COLUMN.sub(lambda found: cells[found[1]], self.template) if whole else "")

    def meaning(self, text: str) -> str:
        """What the template's text means."""
        if self.part is not None:
            found = self.part.search(text)
            text = (found[1] or "").strip() if found else ""
        return self.words.get(text.casefold(), text) or self.default


#: Which cells make which field.
Layout = Mapping[FieldName, Cell]


def fields_of(cells: Mapping[str, str], layout: Layout) -> Fields:
    """What a row says."""
    return Fields(**{name: cell.text(cells) for name, cell in layout.items()})


def columns_of(layout: Layout) -> list[str]:
    """Every column that a layout needs, once."""
    return list(dict.fromkeys(column for cell in layout.values() for column in cell.columns))
