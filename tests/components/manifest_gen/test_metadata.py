import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.metadata import MetadataRow, read_rows
from trainer.errors import SourceError

ROWS = "Patientid, View ,age,\n1,PA,40,\n2,AP,,\n"


def rows_of(folder: Path, data: bytes, needed: tuple[str, ...] = ("patientid", "view")) -> list[MetadataRow]:
    path = folder / "metadata.csv"
    path.write_bytes(data)
    return read_rows(path, needed)


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
    assert [dict(row.cells) for row in rows_of(tmp_path, data)] == [
        {"patientid": "1", "view": "PA", "age": "40"},
        {"patientid": "2", "view": "AP", "age": ""},
    ]


def test_latin_1_is_read_where_utf_8_fails(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "patientid,view\nJosé,PA\n".encode("latin-1"))
    assert row.cells["patientid"] == "José"


def test_lines_are_counted_from_the_header_through_blank_lines_and_line_breaks_in_cells(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, b'patientid,view,notes\n1,PA,"two\nlines"\n\n2,PA,\n')
    assert [row.line for row in rows] == [2, 5]


def test_a_short_row_has_empty_cells(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, b"patientid,view,age\n1,PA\n")
    assert row.cells["age"] == ""


def test_a_comma_without_quotes_shows_as_surplus(tmp_path: Path) -> None:
    shifted, whole = rows_of(tmp_path, b"patientid,view,notes,\n1,Hanoi, Vietnam,PA,x\n2,PA,,,,\n")
    assert (shifted.surplus, whole.surplus) == (1, 0)


def test_text_under_an_unnamed_column_is_no_surplus(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, b"patientid,view,\n1,PA,a note\n")
    assert row.surplus == 0


def test_the_first_of_several_cells_that_has_text_is_found(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, b"patientid,view,gender,sex\n1,PA,,F\n")
    assert (row.first("gender", "sex"), row.first("age")) == ("F", "")


def test_missing_columns_are_named_beside_those_found(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"metadata\.csv has no column 'patientid', 'view'; it has 'name', 'age'"):
        rows_of(tmp_path, b"Name,Age\n1,2\n")


def test_a_needed_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="two columns 'view'"):
        rows_of(tmp_path, b"patientid,view,View\n1,PA,AP\n")


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
        rows_of(tmp_path, data)


def test_a_quote_inside_one_line_harms_nobody(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, b'patientid,view,notes\n1,PA,"ground glass" opacities\n2,PA,5" tube\n')
    assert [row.cells["view"] for row in rows] == ["PA", "PA"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.csv cannot be read \(No such file or directory\)"):
        read_rows(tmp_path / "gone.csv", ())


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(deadline=None)
@given(table=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8), line_end=st.sampled_from(["\n", "\r\n"]))
def test_no_text_in_well_formed_cells_is_lost(table: list[list[str]], line_end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([["patientid", "view", "notes"], *table])
    with tempfile.TemporaryDirectory() as folder:
        rows = rows_of(Path(folder), text.getvalue().encode())
    expected = [tuple(cell.strip() for cell in row) for row in table]
    assert [tuple(row.cells.values()) for row in rows] == [row for row in expected if any(row)]


@settings(deadline=None)
@given(body=st.one_of(st.binary(max_size=80), st.text(alphabet='",;\t\r\n\\ aé\ufeff', max_size=80).map(str.encode)))
def test_any_bytes_give_rows_or_a_source_error(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            rows = rows_of(Path(folder), b"patientid,view\n" + body)
        except SourceError:
            return
    assert all(set(row.cells) == {"patientid", "view"} for row in rows)
    assert [row.line for row in rows] == sorted({row.line for row in rows})
