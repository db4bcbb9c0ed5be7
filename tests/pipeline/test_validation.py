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
    text = validation_config(["healthy", "covid", "other"], "covid", ["PA", "AP Supine"], min_patients=6)
    config = text_format.Parse(text, CustomValidationConfig())
    return {rule.feature_path.step[0]: list(rule.validations) for rule in config.feature_validations}


def test_the_positive_class_is_asked_for_and_any_other(asked: dict[str, list[Validation]]) -> None:
    """A rare class may have no film in a split; DataAudit warns of it."""
    positive, others = asked[features.LABEL]
    assert positive.description == "no film of class 'covid'"
    assert positive.sql_expression.startswith("'1' IN (")
    assert " OR " not in positive.sql_expression
    assert others.description == "no film of class 'healthy' or 'other'"
    first, second = others.sql_expression.split(" OR ")
    assert (first[:7], second[:7]) == ("'0' IN ", "'2' IN ")
    for rule in (positive, others):
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
