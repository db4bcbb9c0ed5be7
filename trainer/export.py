"""The classifier as a SavedModel that TF Serving can run."""

from pathlib import Path

import keras
import tensorflow as tf

from trainer.signatures import EXAMPLES, SERVING_DEFAULT, Decision, predict_examples, predict_films


def export(core: keras.Model, decision: Decision, folder: Path) -> None:
    """Writes the SavedModel, tag ``serve``, with the signatures of ``trainer.signatures``.

    Args:
        core: image [N, S, S, 1] in 0..255 -> probabilities [N, C]; without augmentation.
        decision: how the probabilities become a label.
        folder: is made; ``saved_model.pb`` and ``variables/`` come into it.
    """
    image_size = core.input_shape[1]

    @tf.function(input_signature=[tf.TensorSpec([None, image_size, image_size, 1], tf.float32)])
    def network(images: tf.Tensor) -> tf.Tensor:  # traced once for all signatures
        return decision.calibrated(core(images, training=False))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict_films(network, image_size, decision, image_bytes)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict_examples(network, image_size, decision, examples)

    module = tf.Module()
    # Raw variables, and no Keras model as an attribute: Keras 3 puts copies of its variables into a SavedModel, the
    # server restores the copies, and every request fails on the originals. tf.saved_model.load hides it; a session
    # of TensorFlow 1 fails as the server does.
    module.variables_of_core = [variable.value for variable in core.weights]
    tf.saved_model.save(module, str(folder), signatures={SERVING_DEFAULT: serving_default, EXAMPLES: examples})
