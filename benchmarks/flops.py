"""Floating-point operations of a network."""

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def flops_of(network: keras.Model) -> float:
    """Of one film going forward through a network, as TensorFlow's profiler counts its graph.

    A multiplication and an addition are two. Operations that the profiler has no count for are left out; those of
    convolutions and dense layers, on which the time goes, all have one.
    """
    one = tf.TensorSpec([1, *network.input_shape[1:]], tf.float32)
    forward = tf.function(lambda image: network(image, training=False)).get_concrete_function(one)
    graph = convert_variables_to_constants_v2(forward).graph  # as constants the weights have shapes to count by
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    with graph.as_default():
        counted = tf.compat.v1.profiler.profile(graph, options=options.with_empty_output().build())
    return float(counted.total_float_ops)
