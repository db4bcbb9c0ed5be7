"""Classes of unequal size: how much the loss of each one's films counts."""

from collections.abc import Callable

import keras
import numpy as np


def balanced_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Weights with which every class counts the same in the loss, and the films together as much as before.

    Args:
        labels: Index of the class of each film, int [n].
        classes: C, number of classes.

    Returns:
        float32 [C]: n / (classes that occur x films of the class), as scikit-learn's ``balanced``; 0 for a class
        without films.
    """
    films = np.bincount(labels, minlength=classes)
    weights = np.zeros(classes, np.float32)
    weights[films > 0] = len(labels) / ((films > 0).sum() * films[films > 0])
    return weights


def weighted_crossentropy(weights: np.ndarray) -> Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]:
    """Categorical cross-entropy in which each film counts as its class does.

    A loss, and not Keras's ``class_weight``: that one weighs in the tf.data graph, and leaves the eval loss, which
    decides when to stop, as it is.

    Args:
        weights: float [C].

    Returns:
        (one-hot labels [B, C], probabilities [B, C]) -> loss [B].
    """

    def loss(labels: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
        of_film = keras.ops.sum(labels * keras.ops.convert_to_tensor(weights, labels.dtype), axis=-1)
        return of_film * keras.losses.categorical_crossentropy(labels, probabilities)

    return loss
