"""The curated schema against the one place that spells the features."""

import re
from typing import get_args

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.manifest_gen.settings import ViewName
from schema import SCHEMA_FILE
from trainer import features

#: Feature -> type in a record, as trainer/features.py has it in its comments.
TYPES = {
    features.IMAGE: "BYTES", features.LABEL: "INT", features.FINDING: "BYTES", features.VIEW: "BYTES",
    features.PATIENT_ID: "BYTES", features.SOURCE: "BYTES", features.SEX: "BYTES", features.AGE: "FLOAT",
    features.IMAGE_ID: "BYTES",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    return text_format.Parse(SCHEMA_FILE.read_text(encoding="utf-8"), schema_pb2.Schema())


def test_schema_and_code_spell_the_same_features(schema: schema_pb2.Schema) -> None:
    assert tuple(feature.name for feature in schema.feature) == features.FEATURES


def test_schema_and_code_give_them_the_same_types(schema: schema_pb2.Schema) -> None:
    assert {feature.name: schema_pb2.FeatureType.Name(feature.type) for feature in schema.feature} == TYPES


def test_schema_and_code_allow_the_same_views_and_sexes(schema: schema_pb2.Schema) -> None:
    domains = {domain.name: tuple(domain.value) for domain in schema.string_domain}
    assert domains == {features.VIEW: features.VIEWS, features.SEX: features.SEXES}


def test_schema_and_code_name_the_same_splits(schema: schema_pb2.Schema) -> None:
    assert tuple(schema.default_environment) == features.SPLITS


def test_only_age_and_sex_may_be_missing(schema: schema_pb2.Schema) -> None:
    optional = {feature.name for feature in schema.feature if not feature.presence.min_fraction}
    assert optional == {features.AGE, features.SEX}


def test_settings_allow_the_views_of_the_schema() -> None:
    assert get_args(ViewName) == features.VIEWS


def test_every_field_is_documented_by_a_sentence(schema: schema_pb2.Schema) -> None:
    for feature in schema.feature:
        assert re.fullmatch(r"[A-Z].{20,}\.", " ".join(feature.annotation.comment)), feature.name


def test_what_can_drift_is_compared_and_what_cannot_is_not(schema: schema_pb2.Schema) -> None:
    """Images, patients and image ids are other ones in every split by their nature."""
    for comparator in ("drift_comparator", "skew_comparator"):
        compared = {feature.name for feature in schema.feature if feature.HasField(comparator)}
        assert compared == set(features.FEATURES) - {features.IMAGE, features.PATIENT_ID, features.IMAGE_ID}


def test_a_share_is_compared_by_its_difference_and_a_number_by_its_divergence(schema: schema_pb2.Schema) -> None:
    for feature in schema.feature:
        for comparator in (feature.drift_comparator, feature.skew_comparator):
            assert comparator.HasField("jensen_shannon_divergence") == (feature.name == features.AGE)
