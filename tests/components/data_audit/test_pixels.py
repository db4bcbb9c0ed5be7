"""What a film shows apart from the lungs."""

import numpy as np
import pytest

from components.data_audit.pixels import (
    SIDE,
    brightness,
    histogram,
    rim_gradients,
    rim_histogram,
    rim_pixels,
    shrink,
)

GENERATOR = np.random.default_rng(0)


def films(n: int = 3) -> np.ndarray:
    return GENERATOR.integers(0, 256, (n, SIDE, SIDE), dtype=np.uint8)


@pytest.mark.parametrize("side", [32, 100, 224, 1024])
def test_films_of_any_size_come_to_the_same(side: int) -> None:
    ramp = np.tile(np.linspace(0, 255, side, dtype=np.uint8), (side, 1))
    small = shrink(ramp)
    assert (small.shape, small.dtype) == ((SIDE, SIDE), np.uint8)
    np.testing.assert_allclose(small[50].astype(float), np.linspace(0, 255, SIDE), atol=6)


def test_the_rim_is_the_outer_tenth_on_every_side() -> None:
    one = films(1)
    assert rim_pixels(one).shape == (1, SIDE**2 - (SIDE * 8 // 10) ** 2)
    np.testing.assert_array_equal(rim_pixels(one)[0, :SIDE] * 255, one[0, 0])


@pytest.mark.parametrize("measure", [rim_pixels, rim_gradients, rim_histogram])
def test_nothing_of_the_centre_is_in_the_rim(measure: object) -> None:
    one, other = films(2)
    other[:10], other[-10:], other[:, :10], other[:, -10:] = one[:10], one[-10:], one[:, :10], one[:, -10:]
    found = measure(np.stack([one, other]))  # type: ignore[operator]
    np.testing.assert_array_equal(found[0], found[1])
    other[5, 50] ^= 128
    found = measure(np.stack([one, other]))  # type: ignore[operator]
    assert (found[0] != found[1]).any()


def test_gradients_of_the_centre_are_zero() -> None:
    cells = rim_gradients(films(1)).reshape(10, 10, 9)
    assert not cells[2:8, 2:8].any()
    assert cells[0].any(axis=-1).all()


def test_brightness_and_histogram_are_shares() -> None:
    black_and_white = np.zeros((1, SIDE, SIDE), np.uint8)
    black_and_white[:, :25] = 255
    assert brightness(black_and_white).tolist() == [[0.25]]
    assert histogram(black_and_white)[0, [0, 15]].tolist() == [0.75, 0.25]
    np.testing.assert_allclose(histogram(films()).sum(axis=1), 1)
    np.testing.assert_allclose(rim_histogram(films()).sum(axis=1), 1)
