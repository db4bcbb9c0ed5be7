"""The rows of a table as fields, shifted ones put back where there is one way to do it."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from components.manifest_gen.alignment import Check, alignments
from components.manifest_gen.metadata import Table
from components.manifest_gen.sources.fields import Fields, Layout, columns_of, fields_of
from components.manifest_gen.sources.plausible import Find, check_of

LOGGER: Final = logging.getLogger(__name__)

#: Blanks that a row no longer than its header may have lost at its end and still be put back.
MOST_LOST: Final = 3
#: Lines that one message names.
MOST_NAMED: Final = 20


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        line: Line on which it begins; the header is line 1.
        fields: What it says.
        is_lost: Whether its cells cannot be put back. Its fields are then empty but for the name of the film that it
            must mean, if there is one.
    """

    line: int
    fields: Fields
    is_lost: bool = False


def rows_of(table: Table, layout: Layout, find: Find, source: str) -> Iterator[Row]:
    """The table's rows. Lines that were put back are logged, for somebody to look at.

    A row is taken as it stands if it is no longer than the header and no column holds what cannot stand there (a sex
    of ``65``, a view of ``Vietnam``, a film without an ending). Otherwise a comma without quotes may have shifted its
    cells: every way to join neighbours again is tried, and the row is taken if all ways in which each column holds
    what may stand there say the same. Of several, those whose film exists count. A row for which there are several
    ways still, or none, is lost; only one that is no longer than its header and for which there is no way is taken as
    it stands, for the rules to judge: an odd word is no shift.

    Raises:
        SourceError: A column of the layout is missing, or there twice.
    """
    table.require(columns_of(layout))
    aligner = _Aligner(table, layout, find)
    mended = []
    for line, cells in table.rows:
        fields = aligner.fields(cells)
        if fields is None:
            yield Row(line, aligner.film(cells), is_lost=True)
            continue
        if fields != aligner.as_it_stands(cells):
            mended.append(line)
        yield Row(line, fields)
    if mended:
        lines = ", ".join(map(str, mended[:MOST_NAMED])) + (", …" if len(mended) > MOST_NAMED else "")
        LOGGER.warning(
            "source '%s': commas without quotes had shifted the cells of %d rows of %s, which were put back; check "
            "lines %s", source, len(mended), table.path, lines
        )  # fmt: skip


class _Aligner:
    def __init__(self, table: Table, layout: Layout, find: Find) -> None:
        self._layout = layout
        self._find = find
        self._width = len(table.columns)
        self._delimiter = table.delimiter
        place_of = {column: table.columns.index(column) for column in columns_of(layout)}
        self._columns = sorted(place_of, key=place_of.__getitem__)
        checks: dict[int, list[Check]] = {place: [] for place in sorted(place_of.values())}
        for name, cell in layout.items():
            for column in cell.columns:
                checks[place_of[column]].append(check_of(name, cell, find))
        self._checks = {place: _all_of(several) for place, several in checks.items()}

    def fields(self, cells: Sequence[str]) -> Fields | None:
        """What a row says, its cells put back; None if that cannot be told."""
        as_it_stands = self.as_it_stands(cells)
        is_longer = len(cells) > self._width
        if not is_longer and all(check(_cell(cells, place), False) for place, check in self._checks.items()):
            return as_it_stands
        ways = self._ways(cells)
        found = [way for way in ways if self._find(way)]
        if is_longer and not found:
            found = ways
        if not found and not is_longer:
            return as_it_stands
        return found[0] if len(found) == 1 else None

    def film(self, cells: Sequence[str]) -> Fields:
        """The film of a row of which nothing else can be told."""
        ways = [self.as_it_stands(cells), *self._ways(cells)]
        named = {keys: Fields(file=way.file, folder=way.folder) for way in ways if (keys := self._find(way))}
        return next(iter(named.values())) if len(named) == 1 else Fields()

    def as_it_stands(self, cells: Sequence[str]) -> Fields:
        """What a row says if no cell is shifted."""
        return self._said(tuple(_cell(cells, place) for place in self._checks))

    def _ways(self, cells: Sequence[str]) -> list[Fields]:
        """What a row may say, each once; nothing if there are too many ways to tell."""
        end = max((number for number, cell in enumerate(cells, 1) if cell.strip()), default=0)
        most = len(cells) - self._width if len(cells) > self._width else MOST_LOST
        said: dict[Fields, None] = {}
        for joints in range(max(0, end - self._width), most + 1):
            padded = [*cells[:end], *[""] * (self._width + joints - end)]
            found = alignments(padded, self._width, self._checks, self._delimiter)
            if found is None:
                return []
            said |= dict.fromkeys(map(self._said, found))
        return list(said)

    def _said(self, texts: tuple[str, ...]) -> Fields:
        return fields_of(dict(zip(self._columns, texts, strict=True)), self._layout)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _all_of(checks: Sequence[Check]) -> Check:
    return lambda text, joined: all(check(text, joined) for check in checks)
