"""``cxr predict``."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cxr.main import main


@pytest.fixture
def good(films: Path) -> list[Path]:
    return sorted((films / "class-folders" / "covid").iterdir())[:2]


@pytest.fixture
def bad(tmp_path: Path, good: list[Path]) -> list[Path]:
    """A text with a picture's name, an empty file, a film cut off."""
    contents = {"text.png": b"no film", "empty.jpg": b"", "cut.png": good[0].read_bytes()[:1000]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in contents]


def predict(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


def test_films_get_label_score_and_decision(good: list[Path], model_folder: Path) -> None:
    result = predict(*good, "--model", model_folder)
    assert result.exit_code == 0, result.output
    for part in (*(film.name for film in good), "covid from 0.500", "Model version 7", "Not a diagnosis"):
        assert part in result.output
    assert "Note: a note for the reader" in result.output


def test_json_is_one_object(good: list[Path], model_folder: Path) -> None:
    result = predict(*good, "--model", model_folder / "7", "--json")
    said = json.loads(result.stdout)
    assert (said["version"], said["positive_class"], said["threshold"]) == ("7", "covid", 0.5)
    assert [film["film"] for film in said["films"]] == list(map(str, good))
    for film in said["films"]:
        assert film["score"] == film["probabilities"]["covid"]
        assert film["positive"] == (film["score"] >= 0.5)
        assert film["label"] == ("covid" if film["positive"] else "healthy")
        assert film["error"] is None


def test_a_bad_film_fails_alone_and_gets_no_label(good: list[Path], bad: list[Path], model_folder: Path) -> None:
    result = predict(bad[0], good[0], *bad[1:], "--model", model_folder, "--json")
    assert result.exit_code == 1
    films = json.loads(result.stdout)["films"]
    assert [film["label"] is None for film in films] == [True, False, True, True]
    assert all(film["error"] and film["score"] is None for film in films if film["label"] is None)


def test_a_table_shows_no_class_for_a_bad_film(bad: list[Path], model_folder: Path) -> None:
    result = predict(bad[0], "--model", model_folder)
    assert result.exit_code == 1
    row = next(line for line in result.output.splitlines() if "text.png" in line)
    assert "not a JPEG, PNG, GIF or BMP file" in row
    assert "healthy" not in row
    assert "covid" not in row


def test_a_dicom_film_is_asked_for_as_any_other(make_dicom: Any, tmp_path: Path, model_folder: Path) -> None:
    film = tmp_path / "IM000001"
    film.write_bytes(make_dicom(np.arange(6400, dtype=np.uint16).reshape(80, 80), PatientID="hidden"))
    result = predict(film, "--model", model_folder, "--json")
    assert result.exit_code == 0, result.output
    (said,) = json.loads(result.stdout)["films"]
    assert said["label"] in ("covid", "healthy")
    assert "hidden" not in result.output


@pytest.mark.parametrize(
    "film, model, message",
    [
        ("nowhere.png", None, "film 'nowhere.png' cannot be read (No such file or directory); give an image file"),
        (".", None, "film '.' cannot be read (Is a directory); give an image file"),
        (None, "nowhere", "model 'nowhere' is not a folder; give a version, or a model's folder with versions in it"),
    ],
)
def test_wrong_use_is_one_line(
    film: str | None, model: str | None, message: str, good: list[Path], model_folder: Path
) -> None:
    result = predict(film or good[0], "--model", model or model_folder)
    assert (result.exit_code, result.output) == (2, f"cxr: {message}\n")
