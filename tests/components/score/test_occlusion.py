"""Films with one part after another hidden."""

import numpy as np

from components.score.occlusion import GRID, drop_map, occlude


def test_every_pixel_is_hidden_on_exactly_one_film():
    image = np.full((50, 50), 10, np.uint8)
    image[0] = 255
    hidden = occlude(image)
    assert hidden.shape == (GRID * GRID, 50, 50)
    grey = round(float(image.mean()))
    assert grey not in (10, 255)
    np.testing.assert_array_equal((hidden == grey).sum(axis=0), 1)
    np.testing.assert_array_equal(np.where(hidden == grey, image, hidden), np.broadcast_to(image, hidden.shape))


def test_the_map_points_at_the_patch_that_a_model_looks_at():
    image = np.zeros((60, 60), np.uint8)
    image[12:18, 41:47] = 200  # in row 1, column 4 of the grid
    said = np.array([film.max() / 255 for film in occlude(image)], np.float32)
    drop = drop_map(image.max() / 255, said)
    assert np.unravel_index(drop.argmax(), drop.shape) == (1, 4)
    assert (np.delete(drop.ravel(), 1 * GRID + 4) == 0).all()


def test_where_hiding_helps_the_map_is_negative():
    assert (drop_map(0.25, np.full(GRID * GRID, 0.75)) == -0.5).all()
