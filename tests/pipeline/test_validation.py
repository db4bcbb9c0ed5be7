"""The validations in SQL, as TFDV reads them; tests/components/example_validator runs them."""

import pytest
from google.protobuf import text_format
from tensorflow_data_validation.anomalies.proto.custom_validation_config_pb2 import CustomValidationConfig, Validation
from tensorflow_metadata.proto.v0.anomalies_pb2 import AnomalyInfo

from pipeline.validation import validation_config
from trainer import features
from trainer.features import EVAL, SPLITS, TEST, TRAIN


@pytest.fixture(scope="module")
def asked() -> dict[str, list[Validation]]:
    """Feature -> its validations."""
    text = validation_config(["covid", "healthy", "other"], ["PA", "AP Supine"], min_patients=6)
    config = text_format.Parse(text, CustomValidationConfig())
    return {rule.feature_path.step[0]: list(rule.validations) for rule in config.feature_validations}


def test_every_class_is_asked_for_by_its_index_and_named_in_words(asked: dict[str, list[Validation]]) -> None:
    descriptions = [f"no film of class '{name}'" for name in ("covid", "healthy", "other")]
    assert [rule.description for rule in asked[features.LABEL]] == descriptions
    for index, rule in enumerate(asked[features.LABEL]):
        assert rule.sql_expression.startswith(f"'{index}' IN (")
        assert (AnomalyInfo.Severity.Name(rule.severity), tuple(rule.in_environment)) == ("ERROR", SPLITS)


def test_every_view_is_asked_for_and_strictly_only_in_train(asked: dict[str, list[Validation]]) -> None:
    severities = {
        (rule.description, split): AnomalyInfo.Severity.Name(rule.severity)
        for rule in asked[features.VIEW]
        for split in rule.in_environment
    }
    assert severities == {
        (f"no film of view '{view}'", split): "ERROR" if split == TRAIN else "WARNING"
        for view in ("PA", "AP Supine")
        for split in (TRAIN, EVAL, TEST)
    }


def test_patients_are_asked_for_by_class_and_minimum(asked: dict[str, list[Validation]]) -> None:
    (rule,) = asked[features.PATIENT_ID]
    assert rule.sql_expression == "feature.string_stats.unique >= 18"


def test_a_feature_has_one_severity_in_a_split(asked: dict[str, list[Validation]]) -> None:
    """TFDV would give all of its rules the higher one, and say so on stderr."""
    for rules in asked.values():
        for split in SPLITS:
            assert len({rule.severity for rule in rules if split in rule.in_environment}) == 1
