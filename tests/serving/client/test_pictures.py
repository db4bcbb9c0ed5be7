"""A film under its heat map."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from cxr_client import HeatMap
from tests.serving.client.conftest import film


def png(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return stream.getvalue()


def test_the_film_shows_where_there_is_no_heat_and_glows_where_there_is() -> None:
    heat = np.zeros((8, 8), np.uint8)
    heat[:, 4:] = 255
    image = HeatMap(png(heat), film(100, 64)).overlay()
    assert (image.mode, image.size) == ("RGB", (64, 64))
    pixels = np.asarray(image).astype(int)
    assert (pixels[:, :20] == 100).all()
    # 0.65 of the brightest colour over 0.35 of the film
    assert np.abs(pixels[:, 50:] - (0.65 * np.array([252, 255, 164]) + 35)).max() <= 1
    assert (np.asarray(HeatMap(png(heat), film(100, 64)).overlay(0)) == 100).all()


def test_the_map_is_stretched_over_the_film() -> None:
    sides = np.zeros((30, 90), np.uint8)
    assert HeatMap(png(np.zeros((8, 8), np.uint8)), png(sides)).overlay().size == (90, 30)


def test_films_of_every_kind_are_shown_as_grey() -> None:
    heat = png(np.zeros((8, 8), np.uint8))
    grey = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    for array in (grey, np.stack([grey] * 3, -1), grey.astype(np.uint16) * 257):
        shown = np.asarray(HeatMap(heat, png(array)).overlay())
        assert np.abs(shown.astype(int) - grey[..., np.newaxis]).max() <= 1


def test_an_overlay_is_saved_in_the_format_of_its_name(tmp_path: Path) -> None:
    HeatMap(png(np.zeros((8, 8), np.uint8)), film(9)).save(tmp_path / "map.jpg")
    with Image.open(tmp_path / "map.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (32, 32))
