"""Tensors as TensorFlow may write them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_client import ReplyError, _messages
from cxr_client._tensors import of_strings, to_rows

DTYPES = {1: ("float_val", np.float32), 9: ("int64_val", np.int64), 10: ("bool_val", np.bool_)}


def tensor(dtype: int, shape: tuple[int, ...], **values: object) -> object:
    made = _messages.Tensor(dtype=dtype, **values)
    for size in shape:
        made.tensor_shape.dim.add(size=size)
    return made


@settings(deadline=None, max_examples=100)
@given(dtype=st.sampled_from(sorted(DTYPES)), shape=st.lists(st.integers(1, 4), min_size=1, max_size=3), data=st.data())
def test_values_come_back_however_they_are_packed(dtype: int, shape: list[int], data: st.DataObject) -> None:
    field, kind = DTYPES[dtype]
    array = np.array(data.draw(st.lists(st.integers(0, 1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))))
    array = array.reshape(shape).astype(kind)
    flat = array.ravel().tolist()
    for packed in ({field: flat}, {"tensor_content": array.tobytes()}):
        assert to_rows(tensor(dtype, tuple(shape), **packed), "x", shape[0]) == array.tolist()
    # TensorFlow leaves out values at the end that repeat the last.
    while len(flat) > 1 and flat[-1] == flat[-2]:
        flat.pop()
    assert to_rows(tensor(dtype, tuple(shape), **{field: flat}), "x", shape[0]) == array.tolist()


@given(strings=st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_strings_come_back(strings: list[bytes]) -> None:
    assert to_rows(of_strings(strings), "x", len(strings)) == strings


@pytest.mark.parametrize(
    "made, message",
    [
        (tensor(1, (3,), float_val=[1, 2]), None),
        (tensor(1, (2,), float_val=[1, 2]), r"output 'x' has shape \[2\], not one row for each of 3 films"),
        (tensor(1, (), float_val=[1]), r"has shape \[\]"),
        (tensor(1, (3, -1), float_val=[1]), r"has shape \[3, -1\]"),
        (tensor(1, (3,), float_val=[1, 2, 3, 4]), r"has 4 values for shape \[3\]"),
        (tensor(1, (3,)), r"has 0 values for shape \[3\]"),
        (tensor(1, (3, 1 << 40), float_val=[1]), r"has 1 values for shape"),
        (tensor(1, (3, 1 << 62, 1 << 62), float_val=[1]), r"has 1 values for shape"),
        (tensor(1, (3,), tensor_content=b"12345"), "cut off within a value"),
        (tensor(7, (3,), string_val=[b"a"] * 4), "has 4 values"),
        (tensor(19, (3,)), "has data type 19, which is not read"),
    ],
)
def test_a_tensor_that_does_not_fill_its_shape_is_none(made: object, message: str | None) -> None:
    if message is None:
        assert to_rows(made, "x", 3) == [1, 2, 2]
        return
    with pytest.raises(ReplyError, match=message):
        to_rows(made, "x", 3)
