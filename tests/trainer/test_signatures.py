"""The answers of a network that is a rule, so that every number can be told beforehand."""

import numpy as np
import tensorflow as tf

from trainer.signatures import Decision, explain_films, predict_films

SIZE = 16
DECISION = Decision(("covid", "healthy"), "covid", 0.5)


def network(images: tf.Tensor) -> tf.Tensor:
    """Bright films are covid."""
    share = tf.reduce_mean(images, axis=[1, 2, 3]) / 255
    return tf.stack([share, 1 - share], axis=1)


def explaining(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return network(images), tf.ones([tf.shape(images)[0], 2, 3])


def film(grey: int) -> bytes:
    content: bytes = tf.io.encode_png(np.full((SIZE, SIZE, 1), grey, np.uint8)).numpy()
    return content


def test_an_explanation_holds_the_prediction_and_the_map():
    films = tf.constant([film(255), film(51), b"no film"])
    explained = explain_films(explaining, SIZE, DECISION, films)
    for name, output in predict_films(network, SIZE, DECISION, films).items():
        np.testing.assert_array_equal(explained[name], output, err_msg=name)
    assert explained["label"].numpy().tolist() == [b"covid", b"healthy", b"invalid"]
    np.testing.assert_allclose(explained["score"], [1, 0.2, -1], atol=1e-6)
    np.testing.assert_allclose(explained["brightness"], [1, 0.2, -1], atol=1e-6)
    np.testing.assert_array_equal(explained["dark_rim"], [0, 0, -1])
    assert explained["heatmap"].shape == (3, 2, 3)
    np.testing.assert_array_equal(explained["heatmap"].numpy().max(axis=(1, 2)), [1, 1, 0])


def test_no_film_has_no_explanation():
    explained = explain_films(explaining, SIZE, DECISION, tf.constant([], tf.string))
    assert {name: len(output) for name, output in explained.items()} == dict.fromkeys(explained, 0)
    assert explained["heatmap"].shape == (0, 2, 3)
