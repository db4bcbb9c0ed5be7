import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.metadata import Table, read_table
from trainer.errors import SourceError

ROWS = "Patientid, View ,age,\n1,PA,40,\n2,AP,,\n"


def table_of(folder: Path, data: bytes) -> Table:
    path = folder / "metadata.csv"
    path.write_bytes(data)
    return read_table(path)


def cells_of(folder: Path, data: bytes) -> list[list[str]]:
    return [[cell.strip() for cell in cells] for _, cells in table_of(folder, data).rows]


@pytest.mark.parametrize(
    "data",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n", "\r").encode(),
        ROWS.replace(",", ";").encode(),
        ROWS.replace(",", "\t").encode(),
        ROWS.rstrip("\n").encode(),
        ROWS.replace("\n2", "\n,,,\n\n2").encode(),
        b"\n" + ROWS.encode(),
    ],
    ids=["plain", "bom", "utf-16", "crlf", "cr", "semicolon", "tab", "no-last-line-end", "blank-rows", "blank-first"],
)
def test_a_table_reads_the_same_however_it_was_saved(tmp_path: Path, data: bytes) -> None:
    assert table_of(tmp_path, data).columns == ("patientid", "view", "age", "")
    assert cells_of(tmp_path, data) == [["1", "PA", "40", ""], ["2", "AP", "", ""]]


def test_latin_1_is_read_where_utf_8_fails(tmp_path: Path) -> None:
    assert cells_of(tmp_path, "patientid,view\nJosé,PA\n".encode("latin-1")) == [["José", "PA"]]


def test_lines_are_counted_from_the_header_through_blank_lines_and_line_breaks_in_cells(tmp_path: Path) -> None:
    table = table_of(tmp_path, b'patientid,view,notes\n1,PA,"two\nlines"\n\n2,PA,\n')
    assert [line for line, _ in table.rows] == [2, 5]


def test_a_row_keeps_the_cells_that_it_has(tmp_path: Path) -> None:
    assert cells_of(tmp_path, b"patientid,view,age\n1,PA\n1,PA,2, 3,\n") == [["1", "PA"], ["1", "PA", "2", "3", ""]]


def test_blanks_with_which_every_row_goes_beyond_the_header_are_dropped(tmp_path: Path) -> None:
    assert cells_of(tmp_path, b"patientid,view\n1,PA,,\n2,PA,,,\n") == [["1", "PA"], ["2", "PA", ""]]


def test_a_missing_column_is_named_beside_the_nearest(tmp_path: Path) -> None:
    table = table_of(tmp_path, b"Patient ID,Age\n1,2\n")
    table.require(["patient  id", "AGE"])
    with pytest.raises(SourceError, match=r"metadata\.csv has no column 'view'; it has 'patient id', 'age': name"):
        table.require(["view"])
    with pytest.raises(
        SourceError, match=r"no column 'patientid'; did you mean 'patient id'\? It has 'patient id', 'age'"
    ):
        table.require(["Patientid"])


def test_a_column_that_is_there_twice_is_refused_if_it_is_needed(tmp_path: Path) -> None:
    table = table_of(tmp_path, b"patientid,view,View\n1,PA,AP\n")
    table.require(["patientid"])
    with pytest.raises(SourceError, match="two columns 'view'"):
        table.require(["view"])


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "is empty"),
        (b"\n,,\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a text file"),
        (b'patientid,view\n1,"PA\n2,PA\n3,PA\n', "line 2: unexpected end of data"),
        (b'patientid,view\n1,"PA\n2,"PA\n3,PA\n', "line 2: ',' expected after"),
        (b"patientid,view\n1," + b"x" * 200_000, "line 2: field larger"),
    ],
    ids=["empty", "blank", "a picture", "open quote", "quote up to the next one", "endless cell"],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        table_of(tmp_path, data)


def test_a_quote_inside_one_line_harms_nobody(tmp_path: Path) -> None:
    rows = cells_of(tmp_path, b'patientid,view,notes\n1,PA,"ground glass" opacities\n2,PA,5" tube\n')
    assert [row[1] for row in rows] == ["PA", "PA"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.csv cannot be read \(No such file or directory\)"):
        read_table(tmp_path / "gone.csv")


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(deadline=None)
@given(table=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8), line_end=st.sampled_from(["\n", "\r\n"]))
def test_no_text_in_well_formed_cells_is_lost(table: list[list[str]], line_end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([["patientid", "view", "notes"], *table])
    with tempfile.TemporaryDirectory() as folder:
        rows = table_of(Path(folder), text.getvalue().encode()).rows
    assert [list(cells) for _, cells in rows] == [row for row in table if any(cell.strip() for cell in row)]


@settings(deadline=None)
@given(body=st.one_of(st.binary(max_size=80), st.text(alphabet='",;\t\r\n\\ aé\ufeff', max_size=80).map(str.encode)))
def test_any_bytes_give_a_table_or_a_source_error(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            table = table_of(Path(folder), b"patientid,view\n" + body)
        except SourceError:
            return
    assert table.columns == ("patientid", "view")
    lines = [line for line, _ in table.rows]
    assert lines == sorted(set(lines))
