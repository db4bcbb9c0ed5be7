"""A metadata file as rows of named cells, however the spreadsheet program of the day wrote it."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from components.manifest_gen.rows import shown
from trainer.errors import SourceError


@dataclass(frozen=True)
class MetadataRow:
    """One row.

    Attributes:
        line: Line on which the row begins; the header is line 1. Cells may hold line breaks, so lines and rows differ.
        cells: Column -> text without surrounding blanks. Every named column of the header is there, in lower case;
            cells that the row lacks are empty. Of two columns of one name the first counts.
        surplus: Number of cells with text beyond the header's end. A comma without quotes shifts every cell behind
            it, so none of the cells of such a row can be trusted. (Text under an unnamed column of the header does
            not count: the collection of March 2020 has notes there.)
    """

    line: int
    cells: Mapping[str, str]
    surplus: int

    def first(self, *columns: str) -> str:
        """The first of these cells that is there and not empty, else an empty string."""
        return next((text for column in columns if (text := self.cells.get(column, ""))), "")


def read_rows(path: Path, needed: Sequence[str]) -> list[MetadataRow]:
    """Reads a table of comma-, semicolon- or tab-separated text; rows of blank cells only are no rows.

    UTF-8 with or without a byte order mark, UTF-16 with one, else Latin-1; any line ends. Names of columns are
    compared without case and surrounding blanks.

    Args:
        path: The file.
        needed: Columns, in lower case, without which the table is of no use.

    Raises:
        SourceError: No such file, no text, no header, a needed column missing or there twice, or a quote that is
            opened and never closed, which makes one cell of all that follows.
    """
    records = list(_records(path))
    if not records:
        raise SourceError(f"{path} is empty; it should begin with a header that names {_listed(needed)}")
    (_, header), *body = records
    columns = [" ".join(name.split()).casefold() for name in header]
    if missing := [column for column in needed if column not in columns]:
        found = _listed([name for name in columns if name])
        raise SourceError(f"{path} has no column {_listed(missing)}; it has {found}: rename the column that is meant")
    if twice := [column for column in needed if columns.count(column) > 1]:
        raise SourceError(f"{path} has two columns {_listed(twice)}; rename the one that is not meant")
    return [_row(line, record, columns) for line, record in body]


def _row(line: int, record: list[str], columns: list[str]) -> MetadataRow:
    texts = [cell.strip() for cell in record]
    cells: dict[str, str] = {}
    for column, text in zip_longest(columns, texts[: len(columns)], fillvalue=""):
        if column:
            cells.setdefault(column, text)
    return MetadataRow(line, cells, surplus=sum(1 for text in texts[len(columns) :] if text))


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    lines = list(io.StringIO(_text(path), newline=""))
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(lines, delimiter=delimiter)
    start = 0
    try:
        for record in reader:
            span = lines[start : reader.line_num]
            if len(span) > 1:  # a stray quote would swallow the rows up to the next one; strict reading notices
                list(csv.reader(span, delimiter=delimiter, strict=True))
            if any(cell.strip() for cell in record):
                yield start + 1, record
            start = reader.line_num
    except csv.Error as error:
        raise SourceError(f"{path}, row that begins on line {start + 1}: {error}; check its quotes") from error


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"metadata file {path} cannot be read ({error.strerror}); check path and metadata of the source"
        ) from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    if "\0" in text:
        raise SourceError(f"{path} is not a text file; save the table as CSV (UTF-8)")
    return text


def _listed(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in names)
