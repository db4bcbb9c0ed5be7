"""A metadata file as rows of cells, however the spreadsheet program of the day wrote it."""

import codecs
import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.manifest_gen.rows import shown
from trainer.errors import SourceError


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        path: Its file.
        columns: Names as `column_name` spells them; empty for columns without a name.
        delimiter: What stands between its cells.
        rows: Line on which a row begins (the header is line 1) and its cells, as many as it has. Cells may hold line
            breaks, so lines and rows differ. Blank cells with which every row goes beyond the header are not there.
    """

    path: Path
    columns: tuple[str, ...]
    delimiter: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def require(self, columns: Sequence[str]) -> None:
        """Checks that columns are there, once each.

        Raises:
            SourceError: One is missing, or there twice.
        """
        wanted = [column_name(column) for column in columns]
        if missing := [column for column in wanted if column not in self.columns]:
            known = [column for column in self.columns if column]
            near = [match for column in missing for match in difflib.get_close_matches(column, known, n=1)]
            hint = f"did you mean {_listed(near)}? It has" if near else "it has"
            raise SourceError(
                f"{self.path} has no column {_listed(missing)}; {hint} {_listed(known)}: name the column that is meant"
            )
        if twice := [column for column in wanted if self.columns.count(column) > 1]:
            raise SourceError(f"{self.path} has two columns {_listed(twice)}; rename the one that is not meant")


def column_name(text: str) -> str:
    """A column's name without regard to case and blanks."""
    return " ".join(text.split()).casefold()


def read_table(path: Path) -> Table:
    """Reads comma-, semicolon- or tab-separated text; rows of blank cells only are no rows.

    UTF-8 with or without a byte order mark, UTF-16 with one, else Latin-1; any line ends.

    Args:
        path: The file.

    Raises:
        SourceError: No such file, no text, no header, or a quote that is opened and never closed, which makes one
            cell of all that follows.
    """
    lines = list(io.StringIO(_text(path), newline=""))
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    records = list(_records(path, lines, delimiter))
    if not records:
        raise SourceError(f"{path} is empty; it should begin with a header that names its columns")
    (_, names), *body = records
    columns = tuple(column_name(name) for name in names)
    padding = min((_blanks_at_end(record[len(columns) :]) for _, record in body), default=0)
    rows = tuple((line, tuple(record[: len(record) - padding])) for line, record in body)
    return Table(path, columns, delimiter, rows)


def _blanks_at_end(cells: list[str]) -> int:
    return next((count for count, cell in enumerate(reversed(cells)) if cell.strip()), len(cells))


def _records(path: Path, lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
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
