"""tf.Examples from JSON, by the rules of the real server's json_tensor.cc."""

import json
from typing import Any

import pytest

from serving.server.faults import Fault
from serving.server.json_examples import input_of
from serving.server.json_request import parse


def read(body: str) -> Any:
    return input_of(parse(body.encode(), 1000).whole)


def test_each_type_of_json_makes_a_kind_of_feature() -> None:
    body = {
        "text": "é",
        "bytes": {"b64": "/w=="},
        "whole": [1, -2],
        "truth": [True, False],
        "fraction": [1.5, 2.0],
        "no": [],
    }
    (example,) = read(json.dumps({"examples": [body]})).example_list.examples
    features = example.features.feature
    assert features["text"].bytes_list.value == ["é".encode()]
    assert features["bytes"].bytes_list.value == [b"\xff"]
    assert features["whole"].int64_list.value == [1, -2]
    assert features["truth"].int64_list.value == [1, 0]
    assert features["fraction"].float_list.value == [1.5, 2.0]
    assert features["no"].WhichOneof("kind") is None


def test_a_context_stands_beside_the_examples() -> None:
    given = read('{"context": {"a": 1}, "examples": [{"b": 2}, {}]}').example_list_with_context
    assert given.context.features.feature["a"].int64_list.value == [1]
    assert len(given.examples) == 2


@pytest.mark.parametrize("number", ["1e400", "NaN", "-Infinity", "1e30"])
def test_what_a_float_can_hold_is_read(number: str) -> None:
    (example,) = read(f'{{"examples": [{{"a": {number}}}]}}').example_list.examples
    assert example.features.feature["a"].float_list.value == [pytest.approx(float(number), nan_ok=True)]


@pytest.mark.parametrize(
    "body, message",
    [
        ("{}", "JSON Value: {} When method is classify, key 'examples' is expected and was not found"),
        ('{"examples": {}}', "JSON Value: {\"examples\": {}} Expecting 'examples' value to be an list/array"),
        ('{"examples": []}', "JSON Value: {\"examples\": []} 'examples' value is an empty array"),
        ('{"examples": [1]}', "Example must be JSON object but got JSON Number"),
        ('{"context": true, "examples": [{}]}', "Example must be JSON object but got JSON True"),
        ('{"examples": [{"a": null}]}', "Feature: a has element with unexpected JSON type: Null"),
        ('{"examples": [{"a": [[1]]}]}', "Feature: a has element with unexpected JSON type: Array"),
        ('{"examples": [{"a": {"b": 1}}]}', "Feature: a has element with unexpected JSON type: Object"),
        ('{"examples": [{"a": [1, "x"]}]}', "Unexpected element type in feature: a expecting type: int64"),
        ('{"examples": [{"a": {"b64": "%"}}]}', "Unable to base64 decode"),
        (f'{{"examples": [{{"a": {1 << 63}}}]}}', "Feature: a has uint64 element. Only int64 is supported."),
        ('{"examples": [{"a": 1e39}]}', "Cannot convert JSON value: 1e+39 to float without loss of precision."),
        (f'{{"examples": [{{"a": 1{"0" * 400}}}]}}', "JSON Parse error: Number too big to be stored in double."),
    ],
)
def test_other_examples_are_refused(body: str, message: str) -> None:
    with pytest.raises(Fault) as raised:
        read(body)
    assert raised.value.message == message


def test_a_name_that_is_no_text_is_replaced() -> None:
    (example,) = read('{"examples": [{"\\ud800": "\\ud800"}]}').example_list.examples
    assert example.features.feature["?"].bytes_list.value == [b"\xed\xa0\x80"]


def test_lists_all_the_way_down_are_refused_in_short() -> None:
    with pytest.raises(Fault, match="Example must be JSON object but got JSON Array"):
        read('{"examples": [' + "[" * 900 + "]" * 900 + "]}")
    with pytest.raises(Fault, match="'examples' is expected and was not found") as raised:
        read('{"x": [' + "[" * 900 + "]" * 900 + "]}")
    assert len(raised.value.message) < 400
