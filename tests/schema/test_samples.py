"""The schema of what is kept of films in use, against the one place that spells it."""

import re

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import SAMPLES_FILE, SCHEMA_FILE
from trainer.samples import FORMAT, LABEL, OF_ANSWER, OF_FILM


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    return text_format.Parse(SAMPLES_FILE.read_text(encoding="utf-8"), schema_pb2.Schema())


def test_schema_and_code_spell_the_same_features(schema: schema_pb2.Schema) -> None:
    assert tuple(feature.name for feature in schema.feature) == (*OF_FILM, *OF_ANSWER)


def test_every_one_is_documented_by_a_sentence(schema: schema_pb2.Schema) -> None:
    for feature in schema.feature:
        assert re.fullmatch(r"[A-Z].{20,}\.", " ".join(feature.annotation.comment)), feature.name


def test_names_are_compared_by_the_difference_of_a_share_and_buckets_by_their_divergence(
    schema: schema_pb2.Schema,
) -> None:
    by_difference = [one.name for one in schema.feature if one.drift_comparator.HasField("infinity_norm")]
    by_divergence = [one.name for one in schema.feature if one.drift_comparator.HasField("jensen_shannon_divergence")]
    assert by_difference == [FORMAT, LABEL]
    assert len(by_difference) + len(by_divergence) == len(schema.feature)


def test_the_bounds_are_those_between_two_trainings(schema: schema_pb2.Schema) -> None:
    records = text_format.Parse(SCHEMA_FILE.read_text(encoding="utf-8"), schema_pb2.Schema())
    comparators = [one.drift_comparator for one in records.feature if one.HasField("drift_comparator")]
    for feature in schema.feature:
        assert feature.drift_comparator in comparators, feature.name
