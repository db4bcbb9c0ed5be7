import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.grad_cam import heat_maps, log_odds, logits_of, to_png


def pooled(kernel):
    """A network that averages its feature maps over all places and weights the means."""
    return lambda maps: tf.reduce_mean(maps, axis=[1, 2]) @ tf.constant(kernel, tf.float32)


def test_the_map_is_the_papers_formula():
    maps = np.random.default_rng(0).normal(size=(4, 3, 5, 2)).astype(np.float32)
    kernel, chosen = [[2.0, -1.0], [0.5, 1.5]], [0, 1, 1, 0]
    heat = heat_maps(tf.constant(maps), pooled(kernel), tf.constant(chosen, tf.int64)).numpy()
    for film, label in enumerate(chosen):
        weights = np.array([row[label] - row[1 - label] for row in kernel]) / 15
        expected = np.maximum((maps[film] * weights).sum(axis=-1), 0)
        np.testing.assert_allclose(heat[film], expected / expected.max(), rtol=1e-5)


def test_the_map_points_at_what_speaks_for_the_class():
    maps = np.zeros((2, 6, 6, 2), np.float32)
    maps[:, 1, 4, 0], maps[:, 5, 0, 1] = 3, 3  # one place speaks for class 0, another for class 1
    heat = heat_maps(tf.constant(maps), pooled(np.eye(2)), tf.constant([0, 1], tf.int64)).numpy()
    assert [np.unravel_index(film.argmax(), film.shape) for film in heat] == [(1, 4), (5, 0)]
    assert (heat.sum(axis=(1, 2)) == 1).all()


def test_where_nothing_speaks_for_the_class_the_map_is_empty_and_holds_no_nan():
    maps = tf.ones([1, 3, 3, 2])
    heat = heat_maps(maps, pooled([[-1.0, 1.0], [-1.0, 1.0]]), tf.constant([0], tf.int64)).numpy()
    assert not heat.any()
    assert np.isfinite(heat).all()


def test_a_network_that_is_sure_still_has_a_map():
    maps = np.zeros((1, 4, 4, 1), np.float32)
    maps[0, 2, 2] = 1
    heat = heat_maps(tf.constant(maps), pooled([[1e4, -1e4]]), tf.constant([0], tf.int64)).numpy()
    assert heat[0, 2, 2] == 1


def test_log_odds_are_those_of_the_softmax():
    logits = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    chosen = np.array([0, 1, 2, 2, 0])
    p = tf.nn.softmax(logits).numpy()[np.arange(5), chosen]
    np.testing.assert_allclose(
        log_odds(tf.constant(logits), tf.constant(chosen)).numpy(), np.log(p / (1 - p)), rtol=1e-4
    )


def test_the_logits_of_a_head_give_its_probabilities():
    keras.utils.set_random_seed(2)
    head = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    )
    features = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    logits = logits_of(head)(tf.constant(features))
    np.testing.assert_allclose(tf.nn.softmax(logits), head(features), atol=1e-6)


@pytest.mark.parametrize("films", [0, 2])
def test_pictures_of_maps_cover_the_film_and_get_lighter_with_heat(films):
    heat = np.tile(np.array([[0.0, 0.0], [0.0, 1.0]], np.float32), (films, 1, 1))
    files = to_png(tf.constant(heat.reshape(films, 2, 2)), 32).numpy()
    assert files.shape == (films,)
    for file in files:
        picture = tf.io.decode_png(file).numpy()
        assert (picture.shape, picture.dtype) == ((32, 32, 1), np.uint8)
        assert (picture[0, 0, 0], picture[-1, -1, 0]) == (0, 255)
