"""The classifier as a SavedModel that TF Serving can run."""

from pathlib import Path

import tensorflow as tf

from trainer.grad_cam import heat_maps, logits_of
from trainer.model import Classifier
from trainer.signatures import (
    EXAMPLES,
    EXPLAIN,
    SERVING_DEFAULT,
    Decision,
    explain_films,
    predict_examples,
    predict_films,
)


def export(classifier: Classifier, decision: Decision, folder: Path) -> None:
    """Writes the SavedModel, tag ``serve``, with the signatures of ``trainer.signatures``.

    Args:
        classifier: its core is exported, without augmentation; with more than one class.
        decision: how the probabilities become a label.
        folder: is made; ``saved_model.pb`` and ``variables/`` come into it.
    """
    core, extractor = classifier.core, classifier.extractor
    image_size, logits = core.input_shape[1], logits_of(classifier.head)

    # The two halves of the core, each traced once for all signatures, with the maps that Grad-CAM wants in between.
    @tf.function(input_signature=[tf.TensorSpec([None, image_size, image_size, 1], tf.float32)])
    def maps(images: tf.Tensor) -> tf.Tensor:
        return extractor.maps(images, training=False)

    @tf.function(input_signature=[tf.TensorSpec(extractor.maps.output_shape, tf.float32)])
    def classify(feature_maps: tf.Tensor) -> tf.Tensor:
        return logits(extractor.pooling(feature_maps, training=False))

    def probabilities_of(feature_maps: tf.Tensor) -> tf.Tensor:
        return decision.calibrated(tf.nn.softmax(classify(feature_maps)))

    def network(images: tf.Tensor) -> tf.Tensor:
        return probabilities_of(maps(images))

    def explaining(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        feature_maps = maps(images)
        probabilities = probabilities_of(feature_maps)
        return probabilities, heat_maps(feature_maps, classify, decision.indices(probabilities))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict_films(network, image_size, decision, image_bytes)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict_examples(network, image_size, decision, examples)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def explain(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return explain_films(explaining, image_size, decision, image_bytes)

    module = tf.Module()
    # Raw variables, and no Keras model as an attribute: Keras 3 puts copies of its variables into a SavedModel, the
    # server restores the copies, and every request fails on the originals. tf.saved_model.load hides it; a session
    # of TensorFlow 1 fails as the server does.
    module.variables_of_core = [variable.value for variable in core.weights]
    signatures = {SERVING_DEFAULT: serving_default, EXAMPLES: examples, EXPLAIN: explain}
    tf.saved_model.save(module, str(folder), signatures=signatures)
