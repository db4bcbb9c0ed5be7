import keras
import numpy as np
import pytest

from trainer.augmentation import build_augmentation
from trainer.inference import Inference, kept
from trainer.input import Split
from trainer.settings import Augmentation


@pytest.fixture
def split(records) -> Split:
    return Split(tuple(records.train), ("covid", "healthy"), 32)


@pytest.fixture
def infer() -> Inference:
    return Inference(
        keras.Sequential([keras.Input((32, 32, 1)), keras.layers.AveragePooling2D(8), keras.layers.Flatten()]), 10
    )


def test_every_film_is_answered_once_in_the_order_of_the_records(infer, split, draw_film):
    outputs = infer(split, "testing")
    films = np.stack([draw_film(first + index, index % 2) for first in (0, 100) for index in range(12)])
    means = films.reshape(24, 4, 8, 4, 8).mean(axis=(2, 4)).reshape(24, 16)
    np.testing.assert_allclose(outputs, means, rtol=1e-5)


def test_augmented_films_answer_otherwise_and_repeatably(infer, split):
    plain = infer(split, "testing")
    one, same, other = (infer(split, "testing", build_augmentation(Augmentation(), 32, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != plain).any(axis=1).all()
    assert (one != other).any(axis=1).all()


def test_kept_answers_are_not_computed_again(infer, split, tmp_path):
    def never(*_: object) -> np.ndarray:
        raise AssertionError

    first = kept(infer, tmp_path / "features.npz", split, "testing")
    np.testing.assert_array_equal(kept(never, tmp_path / "features.npz", split, "testing"), first)
