"""What is kept of a film says little of it."""

import pytest

from trainer.samples import COLUMNS, OF_FILM, of_answer, of_film

MEASURED = {"brightness": 0.123456, "contrast": 0.21, "dark_rim": 0.999}


def test_of_a_number_its_bucket_is_kept() -> None:
    assert of_film("JPEG", 2022, 1999, MEASURED) == {
        "format": "JPEG", "width": "2048", "height": "2048", "brightness": "0.1", "contrast": "0.2", "dark_rim": "1",
    }  # fmt: skip
    assert of_answer("covid", 0.96) == {"label": "covid", "score": "0.95"}


@pytest.mark.parametrize("most, name", [(1, "brightness"), (0.5, "contrast"), (1, "dark_rim")])
def test_a_number_has_twenty_buckets_and_the_two_halves_at_the_ends(most: float, name: str) -> None:
    values = [most * index / 1000 for index in range(1001)]
    kept = {of_film("PNG", 64, 64, {**MEASURED, name: value})[name]: value for value in values}
    assert len(kept) == 21
    assert all(abs(float(bucket) - value) <= most / 40 + 1e-9 for bucket, value in kept.items())


@pytest.mark.parametrize(
    "pixels, kept", [(64, 64), (224, 256), (1024, 1024), (1217, 1024), (1218, 1448), (20_000, 23_170)]
)
def test_a_side_is_kept_in_half_steps_of_a_doubling(pixels: int, kept: int) -> None:
    assert of_film("PNG", pixels, 64, MEASURED)["width"] == str(kept)
    assert of_film("PNG", kept, 64, MEASURED)["width"] == str(kept)


def test_a_dicom_film_is_what_the_model_gets_of_it() -> None:
    assert of_film("DICOM", 64, 64, MEASURED)["format"] == "PNG"


def test_no_column_holds_a_film_a_name_or_an_address() -> None:
    assert list(COLUMNS) == ["hour", "model", "version", *OF_FILM, "label", "score"]
    assert tuple(of_film("PNG", 64, 64, MEASURED)) == OF_FILM
