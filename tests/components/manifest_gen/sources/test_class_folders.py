from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.class_folders import ClassFoldersSource, read_class_folders
from trainer.errors import SourceError

HEADER = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position"
WriteFolders = Callable[..., Path]


def source(**keys: Any) -> ClassFoldersSource:
    keys = {"folders": {"No_findings": "No Finding"}} | keys
    return ClassFoldersSource(kind="class_folders", name="nih", path="normal", **keys)


def reasons(folder: Path, **keys: Any) -> list[tuple[int, str, str]]:
    """Row, file and reason of everything that the source yields."""
    items = read_class_folders(source(**keys), folder)
    return [(item.row, item.file, item.reason if isinstance(item, Rejection) else "film") for item in items]


def test_a_file_and_its_row_become_a_film(write_folders: WriteFolders) -> None:
    folder = write_folders(["No_findings/1_000.png"], [HEADER, "1_000.png,No Finding,0,1,058Y,F,AP"])
    path = folder.resolve() / "No_findings" / "1_000.png"
    assert list(read_class_folders(source(metadata="data.csv"), folder)) == [
        Film(path, 2, "nih", "1_000.png", "1", "No Finding", "AP", 58.0, "F", stated="No Finding")
    ]


def test_the_sex_column_of_the_later_release_is_read(write_folders: WriteFolders) -> None:
    folder = write_folders(["No_findings/1.png"], [HEADER.replace("Gender", "Sex"), "1.png,No Finding,0,1,36,M,AP"])
    (film,) = read_class_folders(source(metadata="data.csv"), folder)
    assert isinstance(film, Film)
    assert film.sex == "M"


@pytest.mark.parametrize("row, view", [("1.png,1,AP", "AP"), ("1.png,1,", "PA")])
def test_the_settings_view_stands_in_where_the_csv_says_nothing(
    write_folders: WriteFolders, row: str, view: str
) -> None:
    folder = write_folders(["No_findings/1.png"], ["Image Index,Patient ID,View Position", row])
    (film,) = read_class_folders(source(metadata="data.csv", view="PA"), folder)
    assert isinstance(film, Film)
    assert film.view == view


def test_the_view_column_may_be_missing_only_if_the_settings_name_the_view(write_folders: WriteFolders) -> None:
    folder = write_folders(["No_findings/1.png"], ["Image Index,Patient ID", "1.png,1"])
    assert reasons(folder, metadata="data.csv", view="PA") == [(2, "1.png", "film")]
    with pytest.raises(SourceError, match="no column 'view position'"):
        reasons(folder, metadata="data.csv")


def test_without_metadata_each_file_is_a_patient_of_its_own(write_folders: WriteFolders) -> None:
    folder = write_folders(["covid/1.png", "normal/1.png"])
    films = list(read_class_folders(source(folders={"covid": "COVID-19", "normal": "Normal"}, view="PA"), folder))
    assert [(film.file, film.patient, film.finding, film.view) for film in films if isinstance(film, Film)] == [
        ("covid/1.png", "covid/1", "COVID-19", "PA"),
        ("normal/1.png", "normal/1", "Normal", "PA"),
    ]


def test_without_metadata_and_view_the_view_is_left_to_the_rules_as_unknown(write_folders: WriteFolders) -> None:
    (film,) = read_class_folders(source(), write_folders(["No_findings/1.png"]))
    assert isinstance(film, Film)
    assert film.view == ""


def test_each_row_and_file_that_cannot_be_used_has_its_reason(write_folders: WriteFolders) -> None:
    rows = [
        HEADER,
        "good.png,No Finding,0,1,36,F,PA",
        "gone.png,No Finding,0,1,36,F,PA",
        "good.png,No Finding,0,1,36,F,PA",
        "nobody.png,No Finding,0,,36,F,PA",
        "../../etc/passwd,No Finding,0,1,36,F,PA",
        ",No Finding,0,1,36,F,PA",
        "shifted.png,No Finding,Edema,0,1,36,F,PA",
        "empty.png,No Finding,0,1,36,F,PA",
    ]
    names = ["good.png", "nobody.png", "shifted.png", "empty.png", "extra.png", "notes.txt"]
    folder = write_folders([f"No_findings/{name}" for name in names], rows)
    (folder / "No_findings" / "empty.png").write_bytes(b"")
    assert reasons(folder, metadata="data.csv") == [
        (2, "good.png", "film"),
        (3, "gone.png", "no_file"),
        (4, "good.png", "duplicate_row"),
        (5, "nobody.png", "no_patient"),
        (6, "../../etc/passwd", "outside_folder"),
        (7, "", "no_file"),
        (8, "shifted.png", "cells"),
        (9, "empty.png", "empty_file"),
        (0, "No_findings/extra.png", "no_row"),
        (0, "No_findings/notes.txt", "not_a_film"),
    ]


def test_a_name_that_fits_two_files_is_given_to_neither(write_folders: WriteFolders) -> None:
    folder = write_folders(["a/1.png", "b/1.png", "b/2.png"], [HEADER, "1.png,Normal,0,1,36,F,PA"])
    assert reasons(folder, metadata="data.csv", folders={"a": "No Finding", "b": "Normal"}) == [
        (2, "1.png", "ambiguous"),
        (0, "a/1.png", "ambiguous"),
        (0, "b/1.png", "ambiguous"),
        (0, "b/2.png", "no_row"),
    ]


def test_a_row_that_names_the_folder_has_its_file(write_folders: WriteFolders) -> None:
    folder = write_folders(["a/1.png", "b/1.png"], [HEADER, "b/1.png,Normal,0,1,36,F,PA"])
    assert reasons(folder, metadata="data.csv", folders={"a": "No Finding", "b": "Normal"}) == [
        (2, "b/1.png", "film"),
        (0, "a/1.png", "no_row"),
    ]


def test_sub_folders_may_be_given_by_a_pattern(write_folders: WriteFolders) -> None:
    folder = write_folders(["covid 1/1.png", "covid 2/1.png", "normal/1.png"])
    films = list(read_class_folders(source(folders={"covid*": "COVID-19", "normal": "Normal"}), folder))
    assert [(film.file, film.finding) for film in films if isinstance(film, Film)] == [
        ("covid 1/1.png", "COVID-19"),
        ("covid 2/1.png", "COVID-19"),
        ("normal/1.png", "Normal"),
    ]


def test_a_missing_sub_folder_is_named(write_folders: WriteFolders) -> None:
    with pytest.raises(SourceError, match=r"no folder or film .*/normal/typo"):
        reasons(write_folders(["No_findings/1.png"]), folders={"typo": "No Finding"})


def test_an_empty_sub_folder_is_refused(write_folders: WriteFolders) -> None:
    folder = write_folders(["No_findings/1.png"])
    (folder / "covid").mkdir()
    with pytest.raises(SourceError, match=r"covid holds no film"):
        reasons(folder, folders={"No_findings": "No Finding", "covid": "COVID-19"})


def test_one_sub_folder_inside_another_is_refused(write_folders: WriteFolders) -> None:
    folder = write_folders(["a/1.png", "a/b/2.png"])
    with pytest.raises(SourceError, match=r"'a' and 'a/b' both hold .*2\.png; name one of the two"):
        reasons(folder, folders={"a": "No Finding", "a/b": "COVID-19"})
