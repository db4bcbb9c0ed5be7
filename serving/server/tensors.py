"""Arrays and the messages that carry them over gRPC."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.server.faults import invalid

#: The most bytes that a shape may promise: some are larger than what was sent.
MAX_TENSOR_BYTES: Final = 256 << 20

#: As the real server writes its answers: value by value, and not as tensor_content.
_FIELDS: Final = {
    tf.string: "string_val",
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.bool: "bool_val",
    tf.int64: "int64_val",
    **dict.fromkeys((tf.int32, tf.int16, tf.int8, tf.uint16, tf.uint8), "int_val"),
}


def arrays_of(inputs: Mapping[str, TensorProto], signature: SignatureDef) -> dict[str, np.ndarray]:
    """The inputs of a request, checked against a signature.

    Args:
        inputs: alias -> tensor.
        signature: whose inputs they must be, no more and no fewer.

    Raises:
        Fault: In the real server's words.
    """
    sent, wanted = set(inputs), set(signature.inputs)
    if len(sent) != len(wanted):
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(wanted)} len({_set(sent)}) != "
            f"len({_set(wanted)}). Sent extra: {_set(sent - wanted)}. Missing but required: {_set(wanted - sent)}."
        )
    if missing := sorted(wanted - sent):
        raise invalid(
            f"Signature input alias: {missing[0]}(feed name: {signature.inputs[missing[0]].name}) not found in request "
            f"and no default value provided. Inputs expected to be in the request {_set(sent)}."
        )
    arrays = {alias: to_array(inputs[alias]) for alias in sorted(wanted)}
    for index, alias in enumerate(arrays):
        got, expected = inputs[alias].dtype, signature.inputs[alias].dtype
        if got != expected:
            raise invalid(f"Expects arg[{index}] to be {type_name(expected)} but {type_name(got)} is provided")
    return arrays


def to_array(tensor: TensorProto) -> np.ndarray:
    """The array in a message; strings as bytes objects.

    Raises:
        Fault: The message contradicts itself, or promises more than it carries.
    """
    try:
        dtype = tf.as_dtype(tensor.dtype)
        shape = [dim.size for dim in tensor.tensor_shape.dim]
        if tensor.tensor_shape.unknown_rank or any(size < 0 for size in shape):
            raise invalid(f"Tensor of unknown shape: {shape}")
        count = math.prod(shape)
        if dtype == tf.string and len(tensor.string_val) != count:
            raise invalid(f"Tensor of shape {shape} with {len(tensor.string_val)} strings")
        if count * max(1, dtype.size or 1) > MAX_TENSOR_BYTES:
            raise invalid(f"Tensor of shape {shape}; at most {MAX_TENSOR_BYTES} bytes are read")
        array: np.ndarray = tf.make_ndarray(tensor)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise invalid(f"Tensor that cannot be read: {error}") from error
    return array


def to_tensor(array: np.ndarray) -> TensorProto:
    """The message of an array of the types that a signature gives."""
    dtype = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    if dtype not in _FIELDS:
        return tf.make_tensor_proto(array)
    tensor = TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=tf.TensorShape(array.shape).as_proto())
    getattr(tensor, _FIELDS[dtype]).extend(array.ravel().tolist())
    return tensor


def bytes_array(values: list[bytes]) -> np.ndarray:
    """Strings [N], object; numpy's own strings would lose trailing zeros."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def type_name(dtype: int) -> str:
    """A type of tensor as the real server's messages call it."""
    try:
        name: str = tf.as_dtype(dtype).name
    except TypeError:
        return f"unknown type {dtype}"
    return {"float32": "float", "float64": "double", "float16": "half"}.get(name, name)


def shape_of(array: np.ndarray) -> str:
    """A shape as messages write it."""
    return "[" + ",".join(map(str, array.shape)) + "]"


def chosen_outputs(names: list[str], signature: SignatureDef) -> list[str]:
    """The outputs that a request's filter asks for; all without one.

    Raises:
        Fault: An output that there is not, or one twice.
    """
    for name in names:
        if name not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in the set "
                f"{_set(set(signature.outputs))}."
            )
    if doubled := [name for name in names if names.count(name) > 1]:
        raise invalid(f"duplicate output tensor alias: {doubled[0]}")
    return names or list(signature.outputs)


def _set(names: set[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
