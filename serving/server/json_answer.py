"""Arrays, classes and numbers as a REST answer, with the real server's rules and messages (its json_tensor.cc)."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from tensorflow_serving.apis.classification_pb2 import ClassificationResult
from tensorflow_serving.apis.regression_pb2 import RegressionResult

from serving.server.faults import invalid

#: Outputs whose name ends so are bytes, and written as base64; other strings are text.
_BYTES: Final = "_bytes"


def to_json(outputs: Mapping[str, np.ndarray], *, rows: bool) -> str:
    """The body of an answer.

    NaN and the infinities are written as such, which is no JSON for strict readers. Text that is no UTF-8 is
    written with replacement characters, where the real server writes the bytes.

    Args:
        outputs: alias -> array.
        rows: whether under "predictions", an object for each row, or under "outputs", an array for each output. A
            single output stands there without its name.

    Raises:
        Fault: A type that JSON has no form for; outputs without rows, or of different numbers of them, by rows.
    """
    if rows:
        _check_rows(outputs)
    values = {name: _plain(name, array) for name, array in outputs.items()}
    key = "predictions" if rows else "outputs"
    if len(values) == 1:
        return json.dumps({key: next(iter(values.values()))})
    if not rows:
        return json.dumps({key: values})
    return json.dumps({key: [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]})


def classes_to_json(result: ClassificationResult) -> str:
    """The body of an answer to Classify: pairs of label and score, a list of them for each example."""
    rows = []
    for row in result.classifications:
        scores = _floats(one.score for one in row.classes)
        rows.append([[one.label, score] for one, score in zip(row.classes, scores, strict=True)])
    return json.dumps({"results": rows})


def values_to_json(result: RegressionResult) -> str:
    """The body of an answer to Regress: a number for each example."""
    return json.dumps({"results": _floats(one.value for one in result.regressions)})


def _floats(values: Iterable[float]) -> list[float]:
    floats: list[float] = _plain("", np.fromiter(values, np.float32))
    return floats


def _check_rows(outputs: Mapping[str, np.ndarray]) -> None:
    count = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if count is not None and len(array) != count:
            raise invalid(f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {count}")
        count = len(array)


def _plain(name: str, array: np.ndarray) -> Any:
    """Lists of what JSON has."""
    if array.dtype == object:
        return _each(array.tolist(), _base64 if name.endswith(_BYTES) else _text)
    if array.dtype in (np.float32, np.float64):
        # The shortest digits that give the same number at its own precision, not at Python's.
        return np.asarray(array.astype(str)).astype(float).tolist()
    if array.dtype == bool or array.dtype.kind in "iu":
        return array.tolist()
    kind = {"float16": "half"}.get(array.dtype.name, array.dtype.name)
    raise invalid(f"Failed to write JSON value for tensor type: {kind}")


def _each(value: Any, write: Callable[[bytes], Any]) -> Any:
    return [_each(one, write) for one in value] if isinstance(value, list) else write(value)


def _base64(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode("ascii")}


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
