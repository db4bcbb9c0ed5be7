from collections.abc import Callable
from typing import Any

import pytest

from components.manifest_gen.rows import Film
from trainer.errors import SourceError

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\r\n"
)
NIH = {"kind": "nih", "metadata": "data.csv"}
Read = Callable[..., Any]


def row(name: str, patient: str = "1", finding: str = "No Finding", age: str = "58", view: str = "PA") -> str:
    return f"{name},{finding},0,{patient},{age},F,{view},2500,2048,0.168,0.168,\r\n"


def test_films_are_found_in_the_folders_of_the_archives_and_patients_in_their_column(read: Read) -> None:
    films = ["images_001/images/7_000.png", "images_002/images/8_000.png"]
    table = HEADER + row("7_000.png", patient="3", finding="Edema|Mass") + row("8_000.png", age="058Y", view="AP")
    one, two = read(NIH, films, data="\ufeff" + table)
    assert (one.path.name, one.patient, one.finding, one.view, one.age, one.sex) == (
        "7_000.png", "3", "Edema|Mass", "PA", 58.0, "F"
    )  # fmt: skip
    assert (two.file, two.patient, two.finding, two.view, two.age) == ("8_000.png", "1", "No Finding", "AP", 58.0)


def test_an_age_that_nobody_reaches_is_no_age_and_no_fault(read: Read) -> None:
    (film,) = read(NIH, ["images/1.png"], data=HEADER + row("1.png", age="414"))
    assert isinstance(film, Film)
    assert film.age is None


def test_the_header_with_its_two_commas_in_names_shifts_nothing(reasons: Read) -> None:
    # Width, Height and x, y are two columns each, in a header that has no quotes either.
    assert reasons(NIH, ["images/1.png"], data=HEADER + row("1.png")) == [(2, "1.png", "film")]


def test_rows_without_a_film_are_missing_unless_the_collection_is_partial(reasons: Read) -> None:
    table = HEADER + row("1.png") + row("2.png") + row("../3.png")
    left = [
        (2, "1.png", "film"),
        (3, "2.png", "no_file"),
        (4, "../3.png", "outside_folder"),
        (0, "images/4.png", "no_row"),
    ]
    films = ["images/1.png", "images/4.png"]
    assert reasons(NIH, films, data=table) == left
    left[1] = (3, "2.png", "not_fetched")
    assert reasons(NIH | {"partial": True}, films, data=table) == left


def test_a_name_in_two_folders_is_ambiguous_until_the_pattern_means_one(reasons: Read) -> None:
    films = ["images_001/images/1.png", "images_small/1.png"]
    assert [reason for _, _, reason in reasons(NIH, films, data=HEADER + row("1.png"))] == ["ambiguous"] * 3
    one = NIH | {"images": "images_*/images"}
    assert reasons(one, films, data=HEADER + row("1.png")) == [(2, "1.png", "film")]


def test_an_ambiguous_name_is_told_with_the_films_that_it_fits(read: Read) -> None:
    films = [f"images_{number}/1.png" for number in range(5)]
    told = read(NIH, films, data=HEADER + row("1.png"))[0].detail
    assert told == (
        "the name fits 5 films: 'images_0/1.png', 'images_1/1.png', 'images_2/1.png', …; let it name the folder too"
    )


def test_without_a_needed_column_nothing_is_read(read: Read) -> None:
    with pytest.raises(SourceError, match=r"no column 'finding labels'; did you mean 'finding label'\?"):
        read(NIH, ["images/1.png"], data=(HEADER + row("1.png")).replace("Labels", "Label"))
