"""The curated schema against the one place that spells the features."""

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import SCHEMA_FILE
from trainer import features


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    return text_format.Parse(SCHEMA_FILE.read_text(encoding="utf-8"), schema_pb2.Schema())


def test_schema_and_code_spell_the_same_features(schema: schema_pb2.Schema) -> None:
    assert tuple(feature.name for feature in schema.feature) == features.FEATURES


def test_schema_and_code_allow_the_same_views_and_sexes(schema: schema_pb2.Schema) -> None:
    domains = {domain.name: tuple(domain.value) for domain in schema.string_domain}
    assert domains == {features.VIEW: features.VIEWS, features.SEX: features.SEXES}


def test_only_age_and_sex_may_be_missing(schema: schema_pb2.Schema) -> None:
    optional = {feature.name for feature in schema.feature if not feature.presence.min_fraction}
    assert optional == {features.AGE, features.SEX}


def test_settings_allow_the_views_of_the_schema() -> None:
    from typing import get_args

    from components.manifest_gen.settings import ViewName

    assert get_args(ViewName) == features.VIEWS
