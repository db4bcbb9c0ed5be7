"""What ExampleValidator asks of every split beside the schema, in SQL over the statistics of one feature."""

from collections.abc import Sequence

from google.protobuf import text_format
from tensorflow_data_validation.anomalies.proto.custom_validation_config_pb2 import (
    CustomValidationConfig,
    FeatureValidation,
    Validation,
)
from tensorflow_metadata.proto.v0.anomalies_pb2 import AnomalyInfo
from tensorflow_metadata.proto.v0.path_pb2 import Path

from trainer import features
from trainer.features import EVAL, SPLITS, TEST, TRAIN


def validation_config(classes: Sequence[str], positive: str, views: Sequence[str], min_patients: int) -> str:
    """The positive class and another, and every wanted view present, and enough patients.

    A split without films of the positive class, or without others, is an error, and so is a view without films to train
    on. Of several other classes some may have no film: DataAudit warns of those, for one feature has one severity. A
    view that eval or test lack is a warning: the model is sound, but nothing can be said of it on that view. Few
    patients are a warning: the intervals say how little is known. How many patients each class has in a split, the
    statistics of one feature cannot say; DataAudit counts those in the manifest.

    Args:
        classes: Names of the classes; a label is an index into them.
        positive: The one that stands against all others.
        views: The views that may pass.
        min_patients: Per class, in every split.

    Returns:
        A ``CustomValidationConfig`` as a text proto, with the splits as environments.
    """
    index = classes.index(positive)
    others = [label for label in range(len(classes)) if label != index]
    labels = [
        (_holds(str(index)), f"no film of class '{positive}'"),
        (
            " OR ".join(_holds(str(label)) for label in others),
            f"no film of class {' or '.join(repr(classes[label]) for label in others)}",
        ),
    ]
    wanted = [(_holds(view), f"no film of view '{view}'") for view in views]
    least = len(classes) * min_patients
    patients = [(f"feature.string_stats.unique >= {least}", f"fewer than {least} patients")]
    config = CustomValidationConfig(
        feature_validations=[
            _ask(features.LABEL, _rules(labels, AnomalyInfo.ERROR, SPLITS)),
            _ask(
                features.VIEW,
                [*_rules(wanted, AnomalyInfo.ERROR, [TRAIN]), *_rules(wanted, AnomalyInfo.WARNING, [EVAL, TEST])],
            ),
            _ask(features.PATIENT_ID, _rules(patients, AnomalyInfo.WARNING, SPLITS)),
        ]
    )
    return str(text_format.MessageToString(config))


def _holds(value: str) -> str:
    return f"'{value}' IN (SELECT label FROM UNNEST(feature.string_stats.rank_histogram.buckets))"


def _rules(rules: Sequence[tuple[str, str]], severity: int, splits: Sequence[str]) -> list[Validation]:
    """Rules for some splits. One feature has one severity in a split, or TFDV takes the higher for all of its rules."""
    return [
        Validation(sql_expression=sql, severity=severity, description=description, in_environment=splits)
        for sql, description in rules
    ]


def _ask(feature: str, validations: Sequence[Validation]) -> FeatureValidation:
    return FeatureValidation(feature_path=Path(step=[feature]), validations=validations)
