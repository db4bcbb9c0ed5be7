"""TFX's executor, with the split as the environment and without validations that the split cannot be asked."""

import os
from typing import Any

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.anomalies.proto.custom_validation_config_pb2 import CustomValidationConfig
from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList
from tfx.components.example_validator import executor, labels
from tfx.types import standard_component_specs
from tfx.utils import writer_utils


class Executor(executor.Executor):
    """Executor of ExampleValidator."""

    def _Validate(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> Anomalies:
        """What TFX calls for every split; the split is the last part of the folder, ``Split-train`` for instance."""
        folder = outputs[labels.SCHEMA_DIFF_PATH]
        statistics = inputs[standard_component_specs.STATISTICS_KEY]
        anomalies = tfdv.validate_statistics(
            statistics,
            inputs[standard_component_specs.SCHEMA_KEY],
            environment=os.path.basename(folder).removeprefix("Split-"),
            custom_validation_config=_askable(
                inputs[standard_component_specs.CUSTOM_VALIDATION_CONFIG_KEY], statistics
            ),
        )
        writer_utils.write_anomalies(os.path.join(folder, executor.DEFAULT_FILE_NAME), anomalies)
        return anomalies


def _askable(text: str, statistics: DatasetFeatureStatisticsList) -> CustomValidationConfig:
    """The validations whose feature the statistics have; TFDV raises on any other. A split without films has none."""
    config = text_format.Parse(text, CustomValidationConfig())
    present = {tuple(feature.path.step) for dataset in statistics.datasets for feature in dataset.features}
    asked = [v for v in config.feature_validations if tuple(v.feature_path.step) in present]
    return CustomValidationConfig(feature_validations=asked)
