"""Tensors of TF Serving's messages, from and to plain values."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from cxr_client import _messages
from cxr_client._errors import ReplyError

_STRING: Final = 7
#: DataType -> the field that holds single values, and the type of the bytes in ``tensor_content``.
_FIELDS: Final = {
    1: ("float_val", "<f4"),
    2: ("double_val", "<f8"),
    3: ("int_val", "<i4"),
    4: ("int_val", "|u1"),
    9: ("int64_val", "<i8"),
    10: ("bool_val", "|b1"),
}


def of_strings(strings: Sequence[bytes]) -> Any:
    """A DT_STRING tensor [N]."""
    tensor = _messages.Tensor(dtype=_STRING, string_val=strings)
    tensor.tensor_shape.dim.add(size=len(strings))
    return tensor


def to_rows(tensor: Any, name: str, rows: int) -> list[Any]:
    """The values of a tensor whose first dimension is the batch.

    Args:
        tensor: message.
        name: of the output, for errors.
        rows: that there must be.

    Returns:
        One value, or nested list of values, per row. Strings stay bytes.

    Raises:
        ReplyError: Another number of rows, a type that is not read, or values that do not fill the shape.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if not shape or shape[0] != rows or min(shape) < 0:
        raise ReplyError(f"output {name!r} has shape {shape}, not one row for each of {rows} films")
    if tensor.dtype == _STRING:
        values = np.array([*tensor.string_val, None], object)[:-1]  # None: numpy would make bytes of one fixed length
    elif tensor.dtype in _FIELDS:
        field, content = _FIELDS[tensor.dtype]
        if len(tensor.tensor_content) % np.dtype(content).itemsize:
            raise ReplyError(f"output {name!r} is cut off within a value")
        values = (
            np.frombuffer(tensor.tensor_content, content) if tensor.tensor_content else np.array(getattr(tensor, field))
        )
    else:
        raise ReplyError(f"output {name!r} has data type {tensor.dtype}, which is not read")
    count = int(np.prod(shape, dtype=object))
    # A tensor may leave out values at its end that repeat the last (tensor.proto); outputs are small, so no bomb is.
    if len(values) != count and (len(values) > count or not len(values) or count > 1 << 20):
        raise ReplyError(f"output {name!r} has {len(values)} values for shape {shape}")
    values = np.concatenate([values, np.repeat(values[-1:], count - len(values))])
    rows_of_values: list[Any] = values.reshape(shape).tolist()
    return rows_of_values
