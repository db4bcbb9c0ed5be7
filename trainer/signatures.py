"""The functions that a served model answers with. Every output has the batch as its first dimension."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from trainer.features import INVALID, INVALID_SCORE
from trainer.film_measures import NO_MEASURE, measures
from trainer.grad_cam import to_png
from trainer.input import parse_images
from trainer.preprocessing import films_to_images

SERVING_DEFAULT, EXAMPLES, EXPLAIN = "serving_default", "examples", "explain"

#: float32 [N, S, S, 1] in 0..255 -> probabilities float32 [N, C]
Network = Callable[[tf.Tensor], tf.Tensor]
#: The same -> probabilities, and Grad-CAM of the class that each film is called, float32 [N, h, w] in 0..1
ExplainingNetwork = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@dataclass(frozen=True)
class Decision:
    """How probabilities become a label.

    A film is positive from the threshold on; below it the most probable of the other classes is its label.

    Attributes:
        threshold: on the calibrated score.
        temperature: above 1 the network is less sure of itself than it says, below 1 more; 1 leaves its word as it is.
    """

    classes: tuple[str, ...]
    positive: str
    threshold: float
    temperature: float = 1.0

    def calibrated(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Probabilities float32 [N, C] after temperature scaling, rows summing to 1.

        Source: Guo et al., On Calibration of Modern Neural Networks, ICML (2017) 1321-1330; dividing the logits by T is
        taking the T-th root of the probabilities.
        """
        if self.temperature == 1:
            return probabilities
        smallest = tf.constant(1e-30, probabilities.dtype)
        return tf.nn.softmax(tf.math.log(tf.maximum(probabilities, smallest)) / self.temperature)

    def indices(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Index into ``classes``, int64 [N], of probabilities float32 [N, C]."""
        positive = self.classes.index(self.positive)
        others = probabilities - tf.one_hot(positive, len(self.classes), on_value=2.0)
        return tf.where(self.is_positive(probabilities), tf.cast(positive, tf.int64), tf.argmax(others, axis=-1))

    def scores(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Probability of the positive class, float32 [N]."""
        return probabilities[:, self.classes.index(self.positive)]

    def is_positive(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Whether the score reaches the threshold, bool [N]."""
        return self.scores(probabilities) >= self.threshold


def predict_films(
    network: Network, image_size: int, decision: Decision, image_bytes: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The outputs of ``serving_default``.

    Args:
        network: images -> probabilities.
        image_size: S, side of its images in pixels.
        decision: how the probabilities become a label.
        image_bytes: string [N], films as files.

    Returns:
        probabilities float32 [N, C], classes string [N, C], label string [N], score float32 [N], positive bool [N],
        threshold float32 [N], the same for each, valid bool [N] and error string [N]; and what
        :func:`trainer.film_measures.measures` says of the image, float32 [N] each. A film that is not valid has label
        ``invalid``, score and measures -1, probabilities 0 and positive false.
    """
    images, valid, error = films_to_images(image_bytes, image_size)
    return _answers(images, _asked(network, images), decision, valid, error)


def explain_films(
    network: ExplainingNetwork, image_size: int, decision: Decision, image_bytes: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The outputs of ``explain``: why a film is called what it is called.

    Args:
        network: images -> probabilities and heat maps.
        image_size: S, side of its images in pixels.
        decision: how the probabilities become a label.
        image_bytes: string [N], films as files.

    Returns:
        What :func:`predict_films` returns, and heatmap float32 [N, h, w] in 0..1, at the resolution of the network's
        last feature maps, and heatmap_png_bytes string [N], the same as gray PNG files of S x S pixels. They explain
        the class in ``label``; a film that is not valid has a map of zeros.
    """
    images, valid, error = films_to_images(image_bytes, image_size)
    probabilities, heat = _asked(network, images)
    heat = tf.where(valid[:, tf.newaxis, tf.newaxis], heat, 0.0)
    return {
        **_answers(images, probabilities, decision, valid, error),
        "heatmap": heat,
        "heatmap_png_bytes": to_png(heat, image_size),
    }


def predict_examples(
    network: Network, image_size: int, decision: Decision, examples: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The outputs of ``examples``.

    Args:
        network: images -> probabilities.
        image_size: S, side of its images in pixels.
        decision: how the probabilities become a label.
        examples: string [N], serialized tf.Example with the feature ``image``.

    Returns:
        probabilities float32 [N, C]; decision float32 [N, C], one-hot.
    """
    images = parse_images(examples, image_size)
    probabilities = _asked(network, images)
    return {
        "probabilities": probabilities,
        "decision": tf.one_hot(decision.indices(probabilities), len(decision.classes)),
    }


def _answers(
    images: tf.Tensor, probabilities: tf.Tensor, decision: Decision, valid: tf.Tensor, error: tf.Tensor
) -> dict[str, tf.Tensor]:
    names = tf.constant(decision.classes)
    return {
        "probabilities": tf.where(valid[:, tf.newaxis], probabilities, 0.0),
        "classes": tf.tile(names[tf.newaxis], [tf.size(valid), 1]),
        "label": tf.where(valid, tf.gather(names, decision.indices(probabilities)), INVALID),
        "score": tf.where(valid, decision.scores(probabilities), INVALID_SCORE),
        "positive": valid & decision.is_positive(probabilities),
        "threshold": tf.fill(tf.shape(valid), decision.threshold),
        "valid": valid,
        "error": error,
        **{name: tf.where(valid, of_image, NO_MEASURE) for name, of_image in measures(images).items()},
    }


def _asked(network: Network | ExplainingNetwork, images: tf.Tensor) -> Any:
    """The network's answer, to no images too: on some processors a convolution of an empty batch fails."""
    count = tf.shape(images)[0]
    one_at_least = tf.pad(images, [[0, tf.cast(tf.equal(count, 0), tf.int32)], [0, 0], [0, 0], [0, 0]])
    return tf.nest.map_structure(lambda answer: answer[:count], network(tf.cast(one_at_least, tf.float32)))
