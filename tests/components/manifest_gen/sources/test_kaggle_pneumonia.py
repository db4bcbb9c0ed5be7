from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from components.manifest_gen.sources.kaggle_pneumonia import KagglePneumoniaSource

KAGGLE = {"kind": "kaggle_pneumonia", "view": "AP"}
Read = Callable[..., Any]


@pytest.mark.parametrize(
    "file, patient, finding",
    [
        ("train/PNEUMONIA/person123_bacteria_4.jpeg", "person123", "Pneumonia/Bacterial"),
        ("test/PNEUMONIA/person1_virus_6.jpeg", "person1", "Pneumonia/Viral"),
        ("train/PNEUMONIA/person1180_virus_2010_1.jpeg", "person1180", "Pneumonia/Viral"),
        ("val/NORMAL/IM-0115-0001.jpeg", "im-0115", "Normal"),
        ("train/NORMAL/IM-0511-0001-0002.jpeg", "im-0511", "Normal"),
        ("train/NORMAL/NORMAL2-IM-0290-0001.jpeg", "normal2-im-0290", "Normal"),
        ("train/PNEUMONIA/BACTERIA-40699-0001.jpeg", "40699", "Pneumonia/Bacterial"),
        ("train/NORMAL/NORMAL-1049278-0001.jpeg", "1049278", "Normal"),
    ],
)
def test_patient_and_cause_stand_in_the_name(read: Read, file: str, patient: str, finding: str) -> None:
    both = ["x/NORMAL/IM-9-1.jpeg", "x/PNEUMONIA/person9_virus_1.jpeg"]
    film = next(film for film in read(KAGGLE, [file, *both]) if film.file == file)
    assert (film.patient, film.finding, film.view, film.row, film.stated) == (patient, finding, "AP", 0, "")


def test_a_number_is_one_person_in_every_split_and_of_every_cause(read: Read) -> None:
    films = ["train/PNEUMONIA/person1_bacteria_1.jpeg", "test/PNEUMONIA/person1_virus_6.jpeg", "val/NORMAL/IM-1-1.jpeg"]
    assert [film.patient for film in read(KAGGLE, films)] == ["person1", "person1", "im-1"]


def test_a_name_that_says_no_patient_is_rejected(reasons: Read) -> None:
    films = ["train/PNEUMONIA/scan.jpeg", "train/PNEUMONIA/notes.txt", "train/NORMAL/IM-1-1.jpeg"]
    assert reasons(KAGGLE, films) == [
        (0, "train/NORMAL/IM-1-1.jpeg", "film"),
        (0, "train/PNEUMONIA/notes.txt", "not_a_film"),
        (0, "train/PNEUMONIA/scan.jpeg", "no_patient"),
    ]


def test_a_film_in_the_folder_of_the_other_class_says_both(read: Read) -> None:
    films = read(KAGGLE, ["a/NORMAL/person1_virus_6.jpeg", "a/PNEUMONIA/IM-1-1.jpeg"])
    assert [(film.finding, film.stated) for film in films] == [("Normal", "Pneumonia/Viral"), ("Pneumonia", "Normal")]


def test_the_second_copy_of_the_films_in_the_archive_is_not_read(reasons: Read) -> None:
    films = ["train/NORMAL/IM-1-1.jpeg", "train/PNEUMONIA/person1_virus_6.jpeg"]
    others = ["chest_xray/train/NORMAL/IM-1-1.jpeg", "__MACOSX/train/NORMAL/._IM-1-1.jpeg"]
    assert reasons(KAGGLE, films + others) == [(0, name, "film") for name in films]


def test_the_view_must_be_given() -> None:
    with pytest.raises(ValidationError, match="view"):
        KagglePneumoniaSource.model_validate({"kind": "kaggle_pneumonia", "name": "here", "path": "here"})
