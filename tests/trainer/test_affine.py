import keras
import numpy as np
import pytest

from trainer.affine import RandomAffine, affine_matrices
from trainer.settings import Augmentation

SIZE = 64
NONE = Augmentation(rotation=0, zoom=0, shift=0, horizontal_flip=False)
EVERY = Augmentation(rotation=20, zoom=0.2, shift=0.1)


@pytest.fixture(scope="module")
def smooth() -> np.ndarray:
    """Two blobs off the middle on black, float32 [1, 64, 64, 1] in 0..255: bilinear sampling hardly blurs them."""
    row, column = np.mgrid[:SIZE, :SIZE]
    blobs = [
        height * np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * 6**2))
        for height, x, y in ((255, 24, 36), (120, 40, 24))
    ]
    return np.maximum(*blobs)[None, ..., None].astype(np.float32)


def _moved(
    films: np.ndarray, *, turn: float = 0, zoom: float = 1, right: float = 0, down: float = 0, mirrored: int = 1
):
    values = ([np.float32(value)] for value in (turn, zoom, right, down, mirrored))
    matrices = affine_matrices(*map(keras.ops.convert_to_tensor, values), SIZE)
    return keras.ops.image.affine_transform(films, matrices, fill_mode="constant", fill_value=0).numpy()


@pytest.mark.parametrize("mirrored", [1, -1])
@pytest.mark.parametrize("degrees, zoom, right, down", [(12, 1.2, 0.1, -0.05), (-20, 0.85, -0.08, 0.06)])
def test_one_matrix_does_what_the_four_layers_of_keras_do_in_a_row(
    smooth: np.ndarray, degrees: float, zoom: float, right: float, down: float, mirrored: int
) -> None:
    black = {"fill_mode": "constant", "fill_value": 0.0}
    layers = keras.layers
    expected = smooth
    for layer in (
        layers.RandomRotation((degrees / 360, degrees / 360), **black),
        layers.RandomZoom((zoom - 1, zoom - 1), **black),
        layers.RandomTranslation((down, down), (right, right), **black),
    ):
        expected = layer(expected, training=True).numpy()
    expected = expected[:, :, ::mirrored]
    moved = _moved(smooth, turn=np.radians(degrees), zoom=zoom, right=right * SIZE, down=down * SIZE, mirrored=mirrored)
    assert np.abs(moved - smooth).max() > 50, "nothing has moved"
    np.testing.assert_allclose(moved, expected, atol=255 * 0.02)


def test_whole_pixels_and_mirrors_lose_nothing(smooth: np.ndarray) -> None:
    np.testing.assert_array_equal(_moved(smooth), smooth)
    np.testing.assert_array_equal(_moved(smooth, mirrored=-1), smooth[:, :, ::-1])
    shifted = _moved(smooth, right=5, down=-3)
    np.testing.assert_array_equal(shifted[:, :-3, 5:], smooth[:, 3:, :-5])
    assert not shifted[:, -3:].any()
    assert not shifted[:, :, :5].any()


def test_what_leaves_the_film_and_comes_back_is_kept() -> None:
    grey = np.full((1, SIZE, SIZE, 1), 200, np.float32)
    quarter = _moved(grey, turn=np.pi / 2)  # its corners pass over the edge on the way
    np.testing.assert_allclose(quarter[:, 1:-1, 1:-1], 200, rtol=1e-4)


def test_a_range_of_zero_changes_nothing(smooth: np.ndarray) -> None:
    np.testing.assert_array_equal(RandomAffine(NONE, SIZE, 1)(smooth, training=True), smooth)


def test_outside_training_nothing_is_drawn(smooth: np.ndarray) -> None:
    layer = RandomAffine(EVERY, SIZE, 1)
    before = layer(smooth, training=True).numpy()
    again = RandomAffine(EVERY, SIZE, 1)
    assert again(smooth) is not None
    np.testing.assert_array_equal(again(smooth, training=False), smooth)
    np.testing.assert_array_equal(again(smooth, training=True), before)


def test_switching_one_range_off_leaves_the_draws_of_the_others(smooth: np.ndarray) -> None:
    shift = NONE.model_copy(update={"shift": 0.1})
    films = np.repeat(smooth, 8, axis=0)
    with_flip = RandomAffine(shift.model_copy(update={"horizontal_flip": True}), SIZE, 3)(films, training=True).numpy()
    alone = RandomAffine(shift, SIZE, 3)(films, training=True).numpy()
    kept = [bool((one == other).all()) for one, other in zip(with_flip, alone, strict=True)]
    assert 0 < sum(kept) < len(kept)


def test_draws_fill_their_ranges_and_half_of_the_films_are_mirrored() -> None:
    films = np.zeros((400, SIZE, SIZE, 1), np.float32)
    films[:, :, SIZE // 2 :] = 255  # the right half
    flips = RandomAffine(NONE.model_copy(update={"horizontal_flip": True}), SIZE, 5)(films, training=True).numpy()
    assert 160 <= (flips[:, 0, 0, 0] == 255).sum() <= 240  # 4 standard deviations
    shifted = RandomAffine(NONE.model_copy(update={"shift": 0.1}), SIZE, 5)(films, training=True).numpy()
    moved = (shifted[:, SIZE // 2, :, 0] > 127).argmax(axis=1) - SIZE // 2
    assert -7 <= moved.min() <= -6 <= 5 <= moved.max() <= 7  # 6.4 pixels either way


def test_it_works_alike_in_a_dataset_and_for_any_number_of_films(smooth: np.ndarray) -> None:
    import tensorflow as tf

    film = RandomAffine(EVERY, SIZE, 7)(smooth, training=True).numpy()
    layer = RandomAffine(EVERY, SIZE, 7)
    mapped = tf.data.Dataset.from_tensors(smooth).map(lambda batch: layer(batch, training=True))
    np.testing.assert_allclose(next(iter(mapped)).numpy(), film, atol=1e-3)
    traced = tf.function(
        lambda batch: layer(batch, training=True), input_signature=[tf.TensorSpec([None, SIZE, SIZE, 1])]
    )
    assert traced(tf.zeros([0, SIZE, SIZE, 1])).shape == (0, SIZE, SIZE, 1)
