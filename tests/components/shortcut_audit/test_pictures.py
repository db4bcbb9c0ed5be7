"""The pictures, by their pixels."""

from pathlib import Path

import numpy as np
from PIL import Image

from components.shortcut_audit.pictures import GAP, SIDE, draw_heat, draw_occlusion, draw_row

FILM = np.full((64, 64), 100, np.uint8)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_films_stand_side_by_side(tmp_path: Path) -> None:
    draw_row([FILM, FILM // 2, FILM * 2], tmp_path / "row.png")
    row = pixels(tmp_path / "row.png")
    assert row.shape == (SIDE, 3 * SIDE + 2 * GAP, 3)
    for place, grey in enumerate((100, 50, 200)):
        assert (np.abs(row[:, place * (SIDE + GAP) : place * (SIDE + GAP) + SIDE] - grey) <= 2).all()


def test_heat_colours_the_film_where_it_is_and_nowhere_else(tmp_path: Path) -> None:
    heat = np.zeros((4, 4))
    heat[0, 0] = 1
    draw_heat(FILM, heat, tmp_path / "heat.png")
    picture = pixels(tmp_path / "heat.png")
    bare, under = picture[:, :SIDE], picture[:, -SIDE:]
    assert (np.abs(bare - 100) <= 2).all()
    assert (np.abs(under[SIDE // 2 :, SIDE // 2 :] - 100) <= 2).all()
    red, _, blue = under[3, 3]
    assert red > blue
    assert red > 150


def test_what_speaks_for_and_against_the_class_has_two_colours(tmp_path: Path) -> None:
    drop = np.zeros((6, 6))
    drop[0, 0], drop[5, 5] = 0.4, -0.4
    draw_occlusion(FILM, drop, tmp_path / "occlusion.png")
    under = pixels(tmp_path / "occlusion.png")[:, -SIDE:]
    assert under[3, 3, 0] > under[3, 3, 2] + 50
    assert under[-3, -3, 2] > under[-3, -3, 0] + 50
    assert (np.abs(under[SIDE // 2, SIDE // 2] - 100) <= 2).all()


def test_a_map_without_any_effect_leaves_the_film(tmp_path: Path) -> None:
    draw_occlusion(FILM, np.zeros((6, 6)), tmp_path / "occlusion.png")
    assert (np.abs(pixels(tmp_path / "occlusion.png")[:, -SIDE:] - 100) <= 2).all()


def test_a_small_effect_is_pale(tmp_path: Path) -> None:
    drop = np.zeros((6, 6))
    drop[0, 0] = 0.005
    draw_occlusion(FILM, drop, tmp_path / "occlusion.png")
    under = pixels(tmp_path / "occlusion.png")[:, -SIDE:]
    assert 0 < under[3, 3, 0] - under[3, 3, 2] < 25


def test_a_noisy_film_still_makes_a_small_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(120, 40, (4, 224, 224)).clip(0, 255).astype(np.uint8)
    draw_row(noise, tmp_path / "row.png")
    assert (tmp_path / "row.png").stat().st_size < 80_000
