"""A REST request's tf.Examples, with the real server's rules and messages (its json_tensor.cc)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorflow.core.example.example_pb2 import Example
from tensorflow.core.example.feature_pb2 import Feature
from tensorflow_serving.apis.input_pb2 import Input

from serving.server.faults import invalid
from serving.server.json_values import decoded, is_base64, json_type, repeated, wrong


def input_of(whole: Mapping[str, Any]) -> Input:
    """The examples of a request, and their context where it has one.

    Args:
        whole: the parsed body. ``examples`` is a list of objects, feature -> value or list of values: text or base64 is
            bytes, a whole number or a truth value int64, a number with a fraction float.

    Raises:
        Fault: No examples, or such as are no objects of values of one type each.
    """
    given = Input()
    if "context" in whole:
        _fill(given.example_list_with_context.context, whole["context"])
    if "examples" not in whole:
        raise wrong(whole, "When method is classify, key 'examples' is expected and was not found")
    if not isinstance(whole["examples"], list):
        raise wrong(whole, "Expecting 'examples' value to be an list/array")
    if not whole["examples"]:
        raise wrong(whole, "'examples' value is an empty array")
    listed = given.example_list_with_context if "context" in whole else given.example_list
    for value in whole["examples"]:
        _fill(listed.examples.add(), value)
    return given


def _fill(example: Example, value: Any) -> None:
    if not isinstance(value, dict):
        raise invalid(f"Example must be JSON object but got JSON {json_type(value)}")
    for name, content in value.items():
        # protobuf raises at names that are no UTF-8
        feature = example.features.feature[name.encode("utf-8", "replace").decode()]
        for one in content if isinstance(content, list) else [content]:
            _add(feature, name, one)


def _add(feature: Feature, name: str, value: Any) -> None:
    kind, converted = _converted(name, value)
    if (other := feature.WhichOneof("kind")) not in (None, kind):
        raise invalid(f"Unexpected element type in feature: {name} expecting type: {other.removesuffix('_list')}")
    getattr(feature, kind).value.append(converted)


def _converted(name: str, value: Any) -> tuple[str, bytes | int | float]:
    """The kind of feature that a value makes, and the value in it."""
    if isinstance(value, str):
        return "bytes_list", value.encode("utf-8", "surrogatepass")
    if is_base64(value):
        return "bytes_list", decoded(value)
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:  # True and False too
        return "int64_list", int(value)
    if isinstance(value, int) and 0 < value < 1 << 64:
        raise invalid(f"Feature: {name} has uint64 element. Only int64 is supported.")
    if isinstance(value, (int, float)):
        return "float_list", _float(value)
    raise invalid(f"Feature: {name} has element with unexpected JSON type: {json_type(value)}")


def _float(value: int | float) -> float:
    try:
        number = float(value)
    except OverflowError as error:
        raise invalid("JSON Parse error: Number too big to be stored in double.") from error
    if np.isfinite(number) and abs(number) > np.finfo(np.float32).max:
        raise invalid(f"Cannot convert JSON value: {repeated(value)} to float without loss of precision.")
    return number
