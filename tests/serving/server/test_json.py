"""JSON and arrays of every type, for models that take other things than films; the real server's rules."""

import json
from typing import Any

import numpy as np
import pytest
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from serving.server.faults import Fault
from serving.server.json_answer import to_json
from serving.server.json_request import arrays_of, parse


def read(body: str, **types: int) -> dict[str, np.ndarray]:
    return arrays_of(parse(body.encode(), 1000), {name: TensorInfo(dtype=dtype) for name, dtype in types.items()})


@pytest.mark.parametrize(
    "dtype, values, expected",
    [
        (types_pb2.DT_FLOAT, "[[1, 2.5], [NaN, -Infinity]]", np.float32([[1, 2.5], [np.nan, -np.inf]])),
        (types_pb2.DT_DOUBLE, "[0.1]", np.float64([0.1])),
        (types_pb2.DT_INT64, f"[{2**53 + 1}]", np.int64([2**53 + 1])),
        (types_pb2.DT_UINT8, "[255]", np.uint8([255])),
        (types_pb2.DT_BOOL, "[true, false]", np.array([True, False])),
    ],
)
def test_numbers_are_read_by_rows_and_by_columns(dtype: int, values: str, expected: np.ndarray) -> None:
    for key in ("instances", "inputs"):
        array = read(f'{{"{key}": {values}}}', x=dtype)["x"]
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)


def test_two_inputs_need_their_names() -> None:
    types = {"x": types_pb2.DT_FLOAT, "y": types_pb2.DT_STRING}
    arrays = read('{"instances": [{"x": 1, "y": "a"}, {"y": "b", "x": 2}]}', **types)
    assert arrays["x"].tolist() == [1, 2]
    assert arrays["y"].tolist() == [b"a", b"b"]
    for body in ('{"instances": [1]}', '{"inputs": [1]}'):
        with pytest.raises(Fault, match="multiple input tensors required"):
            read(body, **types)


@pytest.mark.parametrize(
    "dtype, values, message",
    [
        (types_pb2.DT_FLOAT, '["a"]', 'JSON Value: "a" Type: String is not of expected type: float'),
        (types_pb2.DT_FLOAT, "[true]", "JSON Value: true Type: True is not of expected type: float"),
        (types_pb2.DT_INT32, "[1.5]", "JSON Value: 1.5 Type: Number is not of expected type: int32"),
        (types_pb2.DT_INT32, f"[{1 << 70}]", "a number is too large for type: int32"),
        (types_pb2.DT_FLOAT, "[[1, 2], [3]]", "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        (types_pb2.DT_FLOAT, "[1, [2]]", "Encountered list at unexpected level: 1 expected < 1"),
        (types_pb2.DT_COMPLEX64, "[1]", "Conversion of JSON Value: [1] to type: complex64"),
    ],
)
def test_other_values_are_refused(dtype: int, values: str, message: str) -> None:
    with pytest.raises(Fault) as raised:
        read(f'{{"inputs": {values}}}', x=dtype)
    assert message in raised.value.message


def test_float32_is_written_with_its_own_digits_and_int64_exactly() -> None:
    text = to_json({"f": np.float32([0.1, 1 / 3]), "i": np.int64([2**53 + 1, 1])}, rows=False)
    assert text == '{"outputs": {"f": [0.1, 0.33333334], "i": [9007199254740993, 1]}}'


def test_what_is_no_number_is_written_bare() -> None:
    assert (
        to_json({"f": np.float32([np.nan, np.inf, -np.inf])}, rows=True)
        == '{"predictions": [NaN, Infinity, -Infinity]}'
    )


def test_bytes_are_base64_by_their_name_and_text_is_text() -> None:
    one = np.array([b"\xff\x00"], object)
    assert json.loads(to_json({"x_bytes": one, "x": one}, rows=True)) == {
        "predictions": [{"x_bytes": {"b64": "/wA="}, "x": "�\x00"}]
    }


@pytest.mark.parametrize(
    "outputs, message",
    [
        ({"n": np.array(1, np.float32)}, "Tensor name: n has no shape information "),
        ({"p": np.zeros(4, np.float32), "a": np.zeros(2, np.float32)},
         "Tensor name: a has inconsistent batch size: 2 expecting: 4"),
        ({"h": np.zeros(1, np.float16)}, "Failed to write JSON value for tensor type: half"),
    ],
)  # fmt: skip
def test_outputs_without_the_batch_in_front_break_the_row_form(outputs: dict[str, Any], message: str) -> None:
    with pytest.raises(Fault) as raised:
        to_json(outputs, rows=True)
    assert raised.value.message == message
