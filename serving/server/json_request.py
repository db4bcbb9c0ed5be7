"""A REST request as arrays, with the real server's rules and messages (its json_tensor.cc)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from serving.server.faults import Fault, invalid
from serving.server.json_values import array_of, is_object, repeated, wrong
from serving.server.tensors import shape_of


@dataclass(frozen=True)
class JsonRequest:
    """A request whose tensors are not read yet.

    Attributes:
        signature: its name, empty for ``serving_default``.
        whole: all of it.
    """

    signature: str
    whole: Mapping[str, Any]

    @property
    def rows(self) -> bool:
        """Whether it came row by row ("instances", not "inputs") and is to be answered so."""
        return "instances" in self.whole


def parse(body: bytes | bytearray, most_parts: int) -> JsonRequest:
    """Reads JSON.

    Args:
        body: UTF-8.
        most_parts: objects, lists and commas that it may hold.

    Raises:
        Fault: No JSON, no object, nested absurdly deep, or of too many parts.
    """
    document = _document(body, most_parts)
    if not isinstance(document, dict):
        raise wrong(document, "Is not object")
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise wrong(document, "not formatted correctly. 'signature_name' key must be a string value.")
    return JsonRequest(signature, document)


def arrays_of(request: JsonRequest, inputs: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    """The arrays for every input of a signature.

    Args:
        request: as it was parsed.
        inputs: of the signature.

    Returns:
        alias -> array; strings as bytes objects.

    Raises:
        Fault: Other names, types or shapes than the signature's.
    """
    whole = request.whole
    if "instances" in whole and "inputs" in whole:
        raise wrong(whole, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ")
    if "instances" not in whole and "inputs" not in whole:
        raise invalid("Missing 'inputs' or 'instances' key")
    inputs = dict(inputs)  # protobuf's own map raises at names that are no UTF-8
    try:
        return _by_rows(whole, inputs) if request.rows else _by_columns(whole["inputs"], inputs)
    except RecursionError as error:
        raise _too_deep() from error


def _document(body: bytes | bytearray, most_parts: int) -> Any:
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    # None of these stands in base64, and parsing would make an object of 50 to 250 bytes of each.
    parts = sum(body.count(mark) for mark in (b"{", b"[", b","))
    if parts > most_parts:
        raise invalid(f"JSON Parse error: {parts} objects, lists and commas; at most {most_parts} are read")
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: Invalid value. at offset: {error.pos}") from error
    except ValueError as error:  # no UTF-8, or a number of thousands of digits
        raise invalid(f"JSON Parse error: {error}") from error
    except RecursionError as error:
        raise _too_deep() from error


def _too_deep() -> Fault:
    return invalid("JSON Parse error: lists or objects in one another, hundreds deep")


def _by_rows(whole: Mapping[str, Any], inputs: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    instances = whole["instances"]
    if not isinstance(instances, list):
        raise wrong(whole, "Excepting 'instances' to be an list/array")
    if not instances:
        raise wrong(whole, "No values in 'instances' array")
    named = is_object(instances[0])
    if not named and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    only = next(iter(inputs))
    columns: dict[str, list[np.ndarray]] = {}
    for index, instance in enumerate(instances):
        if named != is_object(instance):
            wanted, got = ("object", "list") if named else ("value/list", "object")
            raise invalid(f"Expecting {wanted} but got {got} at item {index} of input list")
        for name, value in instance.items() if named else [(only, instance)]:
            try:
                _add(columns, name, value, inputs)
            except Fault as fault:
                key = f" key: {name}" if named else ""
                raise invalid(f"Failed to process element: {index}{key} of 'instances' list. Error: {fault}") from fault
        if named and set(instance) != set(inputs):
            raise invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object: {repeated(instance)} keys must "
                f"be equal to: {','.join(sorted(inputs))}"
            )
    return {name: np.stack(arrays) for name, arrays in columns.items()}


def _add(columns: dict[str, list[np.ndarray]], name: str, value: Any, inputs: Mapping[str, TensorInfo]) -> None:
    if name not in inputs:
        raise invalid(f"JSON object: does not have named input: {name}")
    array = array_of(value, inputs[name].dtype)
    others = columns.setdefault(name, [])
    if others and others[0].size != array.size:
        raise invalid(f"Expecting tensor size: {others[0].size} but got: {array.size}")
    if others and others[0].shape != array.shape:
        raise invalid(f"Expecting shape {shape_of(others[0])} but got: {shape_of(array)}")
    others.append(array)


def _by_columns(values: Any, inputs: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    if not is_object(values):
        if len(inputs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        ((name, info),) = inputs.items()
        return {name: array_of(values, info.dtype)}
    if missing := [name for name in sorted(inputs) if name not in values]:
        raise invalid(f"Missing named input: {missing[0]} in 'inputs' object.")
    return {name: array_of(values[name], info.dtype) for name, info in inputs.items()}
