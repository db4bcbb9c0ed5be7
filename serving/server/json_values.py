"""One JSON value as an array of a tensor's type, with the real server's rules and messages (its json_tensor.cc)."""

import binascii
import json
import string
from collections.abc import Mapping
from typing import Any, Final

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from serving.server.faults import Fault, invalid
from serving.server.tensors import type_name

#: Of a value that is repeated in a message. The real server repeats the whole request, megabytes of it.
MOST_REPEATED: Final = 300
#: Lists in one another: numpy's 32 dimensions, of which the list of instances is one.
MOST_DEEP: Final = 31

_ALPHABET: Final = (string.ascii_letters + string.digits + "+/").encode()
_BLANKS: Final = string.whitespace.encode()
#: Type of tensor -> what Python makes of JSON for it.
_TYPES: Final[Mapping[int, tuple[type, ...]]] = {
    types_pb2.DT_STRING: (str,),
    types_pb2.DT_BOOL: (bool,),
    **dict.fromkeys((types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE), (int, float)),
    **dict.fromkeys(
        (types_pb2.DT_INT8, types_pb2.DT_INT16, types_pb2.DT_INT32, types_pb2.DT_INT64, types_pb2.DT_UINT8), (int,)
    ),
}
_JSON_TYPES: Final = {
    type(None): "Null", int: "Number", float: "Number", str: "String", list: "Array", dict: "Object",
}  # fmt: skip


def array_of(value: Any, dtype: int) -> np.ndarray:
    """A scalar, or lists in one another.

    Args:
        value: as Python parsed it.
        dtype: type of tensor; strings become bytes objects.

    Raises:
        Fault: Another type, lists of different lengths, or too deep in one another.
        RecursionError: Objects in one another, hundreds deep.
    """
    if dtype not in _TYPES:
        raise Fault(
            grpc.StatusCode.UNIMPLEMENTED, f"Conversion of JSON Value: {repeated(value)} to type: {type_name(dtype)}"
        )
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    if len(shape) > MOST_DEEP:
        raise invalid(f"JSON Value: {len(shape)} lists in one another; at most {MOST_DEEP} are read")
    leaves: list[Any] = []
    _collect(value, 0, shape, dtype, leaves)
    array = np.empty(len(leaves), object)
    array[:] = leaves
    if dtype != types_pb2.DT_STRING:
        try:
            array = array.astype(tf.as_dtype(dtype).as_numpy_dtype)
        except OverflowError as error:
            raise invalid(f"JSON Value: a number is too large for type: {type_name(dtype)}") from error
    return array.reshape(shape)


def _collect(value: Any, level: int, shape: list[int], dtype: int, leaves: list[Any]) -> None:
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise invalid(
                f"JSON Value: {repeated(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {rank}"
            )
        leaves.append(_leaf(value, dtype))
        return
    if level >= rank:
        raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for one in value:
        _collect(one, level + 1, shape, dtype, leaves)


def _leaf(value: Any, dtype: int) -> Any:
    if dtype == types_pb2.DT_STRING:
        if isinstance(value, dict):
            return decoded(value)
        if isinstance(value, str):
            return value.encode("utf-8", "surrogatepass")
    # True is an int to Python.
    if not isinstance(value, _TYPES[dtype]) or (isinstance(value, bool) and dtype != types_pb2.DT_BOOL):
        raise invalid(
            f"JSON Value: {repeated(value)} Type: {json_type(value)} is not of expected type: {type_name(dtype)}"
        )
    return value


def decoded(value: dict[str, Any]) -> bytes:
    """What an object around base64 holds.

    Raises:
        Fault: No such object, or no base64.
    """
    if not is_base64(value):
        raise wrong(value, "not formatted correctly for base64 data")
    # As the real server's Base64Unescape: blanks and missing padding pass, another alphabet does not.
    # Bytes without regular expressions, such as b64decode's own: those take longer than all else that JSON takes.
    text = value["b64"].encode("utf-8", "surrogatepass").translate(None, _BLANKS).rstrip(b"=")
    if text.translate(None, _ALPHABET):
        raise invalid("Unable to base64 decode")
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise invalid("Unable to base64 decode") from error


def json_type(value: Any) -> str:
    """A type of JSON as messages call it; true and false are types of their own."""
    return str(value) if isinstance(value, bool) else _JSON_TYPES[type(value)]


def is_base64(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def is_object(value: Any) -> bool:
    """Whether names are in it; the object around base64 is a value."""
    return isinstance(value, dict) and not is_base64(value)


def wrong(value: Any, message: str) -> Fault:
    """The fault of a value that is not as it must be."""
    return invalid(f"JSON Value: {repeated(value)} {message}")


def repeated(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = ""
    for piece in json.JSONEncoder().iterencode(value):
        text += piece[: MOST_REPEATED + 1]
        if len(text) > MOST_REPEATED:
            return f"{text[:MOST_REPEATED]}..."
    return text
