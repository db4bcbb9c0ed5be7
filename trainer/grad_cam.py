"""Grad-CAM as TensorFlow ops, so that a served graph explains itself.

Source: Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, ICCV (2017)
618-626. A feature map is weighted by the mean gradient over its places of the class's score; the heat is the positive
part of the weighted sum. Two choices are ours: the score is the log odds of the class, not its logit, because a softmax
sees differences of logits only and with two classes either logit may carry the evidence; and every map is scaled to a
highest value of 1, so that heat compares places of one film and never two films.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

#: features of a batch -> what the softmax makes probabilities of, float32 [N, C]
Logits = Callable[[tf.Tensor], tf.Tensor]


def heat_maps(feature_maps: tf.Tensor, logits: Logits, classes: tf.Tensor) -> tf.Tensor:
    """Where a network looks when it calls a film what it calls it.

    Args:
        feature_maps: float32 [N, h, w, c].
        logits: From feature maps to logits.
        classes: int64 [N], index of the class of each film that is explained.

    Returns:
        float32 [N, h, w], 0 to 1; all 0 where no place speaks for the class.
    """
    with tf.GradientTape() as tape:
        tape.watch(feature_maps)
        odds = log_odds(logits(feature_maps), classes)
    weights = tf.reduce_mean(tape.gradient(odds, feature_maps), axis=[1, 2], keepdims=True)
    heat = tf.nn.relu(tf.reduce_sum(weights * feature_maps, axis=-1))
    return tf.math.divide_no_nan(heat, tf.reduce_max(heat, axis=[1, 2], keepdims=True))


def log_odds(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """log(p / (1 - p)) of one class of each film, float32 [N], from logits float32 [N, C], C >= 2.

    From the logits, because 1 - p is 0 in float32 for a network that is sure, and the gradient with it.
    """
    chosen = tf.one_hot(classes, tf.shape(logits)[-1], on_value=True, off_value=False)
    others = tf.where(chosen, logits.dtype.min, logits)
    return tf.reduce_sum(tf.where(chosen, logits, 0.0), axis=-1) - tf.reduce_logsumexp(others, axis=-1)


def logits_of(head: keras.Model) -> Logits:
    """The head up to its softmax, with the same weights.

    Args:
        head: features [N, d] -> probabilities [N, C], whose last layer is dense with a softmax.
    """
    last = head.layers[-1]
    before = keras.Model(head.inputs, last.input)
    return lambda features: tf.matmul(before(features, training=False), last.kernel) + last.bias


def to_png(heat: tf.Tensor, image_size: int) -> tf.Tensor:
    """Heat maps as gray PNG files over the whole film, black no heat, white the most.

    Args:
        heat: float32 [N, h, w], 0 to 1.
        image_size: Side of the pictures in pixels.

    Returns:
        string [N].
    """
    stretched = tf.image.resize(heat[..., tf.newaxis], [image_size, image_size])
    grey = tf.saturate_cast(tf.round(255 * stretched), tf.uint8)
    return tf.map_fn(tf.io.encode_png, grey, fn_output_signature=tf.TensorSpec([], tf.string))
