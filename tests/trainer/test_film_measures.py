"""The three numbers of an image."""

import numpy as np
import tensorflow as tf

from trainer.film_measures import DARK, measures


def measured(*images: np.ndarray) -> dict[str, list[float]]:
    stack = np.stack(images)[..., np.newaxis] if images else np.empty((0, 20, 20, 1), np.uint8)
    found = measures(tf.constant(stack, tf.uint8))
    return {name: values.numpy().astype(float).round(6).tolist() for name, values in found.items()}


def grey(level: int) -> np.ndarray:
    return np.full((20, 20), level, np.uint8)


def test_even_films() -> None:
    assert measured(grey(0), grey(255), grey(DARK), grey(DARK - 1)) == {
        "brightness": [0, 1, round(DARK / 255, 6), round((DARK - 1) / 255, 6)],
        "contrast": [0, 0, 0, 0],
        "dark_rim": [1, 0, 0, 1],
    }


def test_half_black_half_white() -> None:
    film = grey(0)
    film[:, 10:] = 255
    assert measured(film) == {"brightness": [0.5], "contrast": [0.5], "dark_rim": [0.5]}


def test_only_the_outer_tenth_is_rim() -> None:
    film = grey(0)
    film[2:-2, 2:-2] = 255
    assert measured(film)["dark_rim"] == [1]
    assert measured(255 - film)["dark_rim"] == [0]


def test_of_no_film_there_is_nothing() -> None:
    assert measured() == {"brightness": [], "contrast": [], "dark_rim": []}
