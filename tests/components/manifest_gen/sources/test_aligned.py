"""Rows whose cells a comma without quotes has shifted, in the layouts in which that happens."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from components.manifest_gen.rows import Film

IEEE = {"kind": "ieee8023"}
LATER = (
    "patientid,offset,sex,age,finding,RT_PCR_positive,survival,intubated,intubation_present,went_icu,in_icu,"
    "needed_supplemental_O2,extubated,temperature,pO2_saturation,leukocyte_count,neutrophil_count,lymphocyte_count,"
    "view,modality,date,location,folder,filename,doi,url,license,clinical_notes,other_notes,"
)
ROW = "7,0,F,65,Pneumonia/Viral/COVID-19,Y,Y,N,N,N,N,Y,,37.5,,,,,PA,X-ray,2020,Hanoi,images,a.jpg,,https://x,CC,notes,,"
Read = Callable[..., Any]


def read_one(read: Read, row: str, header: str = LATER) -> Any:
    items = read(IEEE, ["images/a.jpg", "images/b.jpg"], metadata=f"{header}\n{row}\n")
    return next(item for item in items if item.row)


def test_a_row_that_is_whole_is_taken_as_it_stands(read: Read, caplog: pytest.LogCaptureFixture) -> None:
    film = read_one(read, ROW)
    assert (film.patient, film.finding, film.view, film.age, film.sex) == (
        "7",
        "Pneumonia/Viral/COVID-19",
        "PA",
        65,
        "F",
    )
    assert not caplog.records


@pytest.mark.parametrize(
    "whole, shifted",
    [
        ("Hanoi", "Hanoi, Vietnam"),
        ("2020", "January 22, 2020"),
        ("2020,Hanoi", "January 22, 2020,Hanoi, Vietnam"),
        ("notes", "fever, cough, and ground glass opacities, bilateral"),
        ("37.5", "37,5"),
        ("65,Pneumonia", "65 ,Pneumonia"),
        ("notes,,", "fever, cough"),  # as wide as the header, but not in its columns
        ("2020,Hanoi,images,a.jpg,,https://x,CC,notes,,", "January 22, 2020,Hanoi,images,a.jpg"),  # shorter than it
        ("notes,,", "notes,,,,,"),
    ],
)
def test_a_shifted_row_is_put_back(read: Read, whole: str, shifted: str) -> None:
    assert whole in ROW
    film = read_one(read, ROW.replace(whole, shifted, 1))
    assert isinstance(film, Film)
    assert (film.file, film.patient, film.view, film.age, film.sex) == ("a.jpg", "7", "PA", 65, "F")
    assert film.finding == "Pneumonia/Viral/COVID-19"


def test_lines_that_were_put_back_are_logged(read: Read, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_one(read, ROW.replace("Hanoi", "Hanoi, Vietnam"))
    (record,) = caplog.records
    assert "source 'here': commas without quotes had shifted the cells of 1 rows" in record.getMessage()
    assert record.getMessage().endswith("which were put back; check lines 2")


@pytest.mark.parametrize(
    "header, row",
    [
        ("patientid,finding,notes,view,filename", "7,COVID-19,bilateral,opacities,PA,a.jpg"),
        ("patientid,finding,notes,view,filename,more", "7,COVID-19,bilateral,opacities,PA,a.jpg"),
        (LATER, ROW.replace("COVID-19,Y", "COVID-19, ARDS,Y")),
    ],
    ids=["longer than the header", "as long", "a second finding"],
)
def test_a_row_that_can_be_put_back_in_several_ways_is_rejected_with_its_film(
    read: Read, header: str, row: str
) -> None:
    rejection = read_one(read, row, header)  # is the cell behind the finding a part of it, or of the column behind?
    assert (rejection.reason, rejection.row, rejection.file) == ("cells", 2, "a.jpg")


@pytest.mark.parametrize(
    "header, row",
    [
        ("patientid,finding,view,filename", "7,8,COVID-19,PA,a.jpg"),
        ("patientid,finding,view,modality,filename", "7,COVID-19,PA,L,X-ray,a.jpg"),
        ("patientid,sex,finding,view,filename", "7,F,M,COVID-19,PA,a.jpg"),
    ],
)
def test_a_row_that_can_be_put_back_in_no_way_is_rejected_beside_its_film(reasons: Read, header: str, row: str) -> None:
    found = reasons(IEEE, ["images/a.jpg"], metadata=f"{header}\n{row}\n")
    assert found == [(2, "", "cells"), (0, "images/a.jpg", "no_row")]


def test_a_film_that_exists_decides_between_the_ways(read: Read) -> None:
    header = "filename,patientid,finding,view"
    items = read(IEEE, ["images/a, b.jpg", "images/c.jpg"], metadata=f"{header}\na, b.jpg,7,COVID-19,PA\n")
    assert [(item.file, type(item).__name__) for item in items] == [("a, b.jpg", "Film"), ("images/c.jpg", "Rejection")]


def test_blanks_at_the_end_of_every_row_shift_nothing(read: Read) -> None:
    film = read_one(read, "7,COVID-19,bilateral,PA,a.jpg,,,", "patientid,finding,notes,view,filename")
    assert (film.finding, film.view) == ("COVID-19", "PA")


@pytest.mark.parametrize("cell, reason", [("PA", "film"), ("frog", "film"), ("", "film"), ("Axial", "film")])
def test_an_odd_word_in_a_row_that_is_not_shifted_is_left_to_the_rules(read: Read, cell: str, reason: str) -> None:
    item = read_one(read, ROW.replace(",PA,", f",{cell},"))
    assert isinstance(item, Film) == (reason == "film")
    assert item.view == cell


def test_a_short_row_has_blanks_at_its_end(read: Read) -> None:
    film = read_one(read, "a.jpg,7,COVID-19,PA", "filename,patientid,finding,view,sex,age")
    assert (film.view, film.sex, film.age) == ("PA", None, None)
