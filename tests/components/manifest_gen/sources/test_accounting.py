"""Any table and any folder: every row and every file comes out once, and the order of the rows decides nothing."""

import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from components.manifest_gen.folder import list_films
from components.manifest_gen.metadata import read_table
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.registry import KINDS, Source, read_source
from trainer.errors import SourceError

from .accounting import assert_accounted

NAMES = ["a.png", "one/a.png", "one/b.jpg", "two/a.png", "two/c@2x.jpg", "d.txt", "two/e, f.png", "one/empty.png"]
FILES = st.lists(st.sampled_from(NAMES), unique=True)
CELLS = st.sampled_from(
    [
        "a.png", "a", "one/a.png", "two\\a.png", "b.jpg", "../a.png", "/a.png", "d.txt", "e", " f.png", "empty.png",
        "7", "8", "", " ", "CT", "X-ray", "PA", "L", "F", "65", "COVID-19", "No Finding|Mass", "é", "gone.png", "\n",
    ]
)  # fmt: skip
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=9), max_size=6)
QUOTED = st.booleans()

IEEE_HEADER = ["patientid", "finding", "view", "modality", "filename", "sex", "age"]
NIH_HEADER = ["Image Index", "Finding Labels", "Patient ID", "Patient Age", "Patient Gender", "View Position"]
#: Settings of one source of each kind that has a table, and the header of the table.
SOURCES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "ieee8023": ({"metadata": "t.csv", "images": "."}, IEEE_HEADER),
    "nih": ({"metadata": "t.csv", "images": "."}, NIH_HEADER),
    "class_folders": ({"metadata": "t.csv", "folders": {"one": "COVID-19", "two": "Normal"}}, NIH_HEADER),
    "csv": (
        {
            "metadata": "t.csv",
            "images": ["one", "two"],
            "columns": {"file": "{folder}/{name}", "finding": "what", "sex": "sex"},
            "constants": {"view": "PA"},
        },
        ["folder", "name", "what", "sex"],
    ),
}


def written(folder: Path, header: Sequence[str], table: Sequence[Sequence[str]], quoted: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    if quoted:
        writer.writerows(table)
    else:
        text.writelines(",".join(row).replace("\n", " ") + "\n" for row in table)
    (folder / "t.csv").write_text(text.getvalue(), encoding="utf-8", newline="")


def laid_out(folder: Path, files: Sequence[str]) -> None:
    for name in ["one/z.png", "two/z.png", *files]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"" if "empty" in name else b"x")


def source_of(kind: str) -> Any:
    return TypeAdapter(Source).validate_python({"kind": kind, "name": "here", "path": ".", **SOURCES[kind][0]})


@pytest.mark.parametrize("kind", SOURCES)
@settings(deadline=None, max_examples=60)
@given(files=FILES, table=TABLES, quoted=QUOTED)
def test_every_row_and_every_file_comes_out_once(
    kind: str, files: list[str], table: list[list[str]], quoted: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        laid_out(folder, files)
        written(folder, SOURCES[kind][1], table, quoted)
        source = source_of(kind)
        items = list(read_source(source, folder))
        assert_accounted(items, list_films(source, folder), [line for line, _ in read_table(folder / "t.csv").rows])


@pytest.mark.parametrize("kind", SOURCES)
@settings(deadline=None, max_examples=40)
@given(files=FILES, table=TABLES.flatmap(lambda table: st.tuples(st.just(table), st.permutations(table))))
def test_the_order_of_the_rows_decides_nothing(
    kind: str, files: list[str], table: tuple[list[list[str]], list[list[str]]]
) -> None:
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        laid_out(folder, files)
        for ordered in table:
            written(folder, SOURCES[kind][1], ordered, True)
            items = read_source(source_of(kind), folder)
            # a line, and how the first of two rows that say the same spells the name, are of the order
            found.append(sorted(repr(without_order(item)) for item in items))
    assert found[0] == found[1]


def without_order(item: Film | Rejection) -> Film | Rejection:
    if isinstance(item, Film):
        return replace(item, row=0, file="")
    if item.reason in ("duplicate_row", "ambiguous"):
        return replace(item, row=0, file="", detail="")
    return replace(item, row=0)


@settings(deadline=None, max_examples=60)
@given(files=st.lists(st.sampled_from(["IM-1-1.jpeg", "person1_virus_6.jpeg", "x.png", "d.txt", "normal-2-3.jpg"])))
def test_without_a_table_every_file_comes_out_once(files: list[str]) -> None:
    source = TypeAdapter(Source).validate_python(
        {"kind": "kaggle_pneumonia", "name": "here", "path": ".", "view": "AP", "images": ["NORMAL", "PNEUMONIA"]}
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place in ("NORMAL", "PNEUMONIA"):
            (folder / place).mkdir()
            for file in {"IM-2-1.jpeg", *files}:
                (folder / place / file).write_bytes(b"x")
        assert_accounted(list(read_source(source, folder)), list_films(source, folder), [])


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
FIELDS = st.fixed_dictionaries(
    {
        "file": st.sampled_from([f"{name}.png" for name in "abcdef"]),
        "patient": FIELD.map(str.strip).filter(bool),
        "finding": FIELD.map(str.strip).filter(bool),
        "view": st.sampled_from(["PA", "AP", "L", "AP Supine"]),
        "sex": st.sampled_from(["F", "M", ""]),
        "age": st.sampled_from(["", "1", "58.5", "120"]),
    }
)


@settings(deadline=None, max_examples=80)
@given(said=st.lists(FIELDS, max_size=6, unique_by=lambda row: row["file"]), delimiter=st.sampled_from(",;\t"))
def test_what_a_table_says_is_read_as_it_was_written(said: list[dict[str, str]], delimiter: str) -> None:
    columns = {name: name for name in ("file", "patient", "finding", "view", "sex", "age")}
    source = TypeAdapter(Source).validate_python(
        {"kind": "csv", "name": "here", "path": ".", "metadata": "t.csv", "columns": columns}
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "z.png").write_bytes(b"x")
        for row in said:
            (folder / row["file"]).write_bytes(b"x")
        with (folder / "t.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(columns), delimiter=delimiter, quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(said)
        films = [item for item in read_source(source, folder) if isinstance(item, Film)]
    read = [
        {
            "file": film.file,
            "patient": film.patient,
            "finding": film.finding,
            "view": film.view,
            "sex": film.sex or "",
            "age": "" if film.age is None else f"{film.age:g}",
        }
        for film in films
    ]
    assert read == said


def test_no_kind_with_a_table_is_left_out() -> None:
    with_table = {name for name, kind in KINDS.items() if "metadata" in kind.settings.model_fields}
    assert with_table == set(SOURCES)


def test_a_folder_without_a_film_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        list(read_source(source_of("nih"), tmp_path))
