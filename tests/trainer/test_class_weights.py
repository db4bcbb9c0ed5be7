import keras
import numpy as np
import pytest

from trainer.class_weights import balanced_weights, weighted_crossentropy


def test_every_class_weighs_the_same_and_all_films_together_as_before():
    labels = np.array([0] * 10 + [1] * 30 + [2] * 20)
    weights = balanced_weights(labels, 3)
    assert np.bincount(labels, weights[labels]) == pytest.approx([20, 20, 20])


def test_classes_of_equal_size_weigh_one():
    assert balanced_weights(np.array([0, 1, 1, 0]), 2).tolist() == [1, 1]


def test_a_class_without_films_weighs_nothing_and_takes_nothing_from_the_others():
    assert balanced_weights(np.array([0, 2, 2, 0]), 3).tolist() == [1, 0, 1]


def test_the_loss_of_a_film_is_that_of_its_class_times_the_weight():
    labels = np.eye(2, dtype=np.float32)[[0, 1]]
    probabilities = np.array([[0.8, 0.2], [0.6, 0.4]], np.float32)
    loss = weighted_crossentropy(np.array([3, 0.5], np.float32))(labels, probabilities)
    assert np.asarray(loss) == pytest.approx([-3 * np.log(0.8), -0.5 * np.log(0.4)], rel=1e-5)
    equal = weighted_crossentropy(np.ones(2, np.float32))(labels, probabilities)
    assert np.asarray(equal) == pytest.approx(np.asarray(keras.losses.categorical_crossentropy(labels, probabilities)))
