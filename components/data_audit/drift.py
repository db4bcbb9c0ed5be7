"""Drift and skew: whether the films are still like those of the last accepted data, and the splits like one another.

The schema says what is compared and how much may differ. Both only warn: a new source is a drift that is meant.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.data_audit.audit import Check
from components.data_audit.baseline import Baseline
from components.data_audit.differences import Difference, compare
from trainer import features
from trainer.features import TRAIN


def read_statistics(file: Path) -> DatasetFeatureStatisticsList:
    """The statistics of one split, as StatisticsGen writes them."""
    return DatasetFeatureStatisticsList.FromString(file.read_bytes())


def check_drift(
    train: DatasetFeatureStatisticsList, baseline: Baseline | None, schema: Schema, classes: Sequence[str]
) -> list[Check]:
    """The train split against that of the last accepted data: a warning for every feature that differs.

    Args:
        train: Statistics of the train split.
        baseline: Where the accepted ones are; None where there are none yet, which passes.
        schema: With a ``drift_comparator`` for every feature that is compared.
        classes: Names of the classes.
    """
    if baseline is None:
        return [_agreement("drift", "no model of other films has been accepted yet, so there is nothing to drift from")]
    try:
        accepted = read_statistics(Path(baseline.file))
    except OSError as error:
        message = f"the statistics of version {baseline.version} cannot be read ({error.strerror}); was it removed?"
        return [Check(name="drift", verdict="warn", value=None, message=message)]
    left_out = () if tuple(classes) == baseline.classes else (features.LABEL,)
    found = compare(train, accepted, schema, "drift", classes, left_out)
    advice = "find out which films were added or lost, unless the change is meant"
    return _judge("drift", found, "train", f"the train split of version {baseline.version}", advice)


def check_skew(
    statistics: Mapping[str, DatasetFeatureStatisticsList], schema: Schema, classes: Sequence[str]
) -> list[Check]:
    """Every other split against train: a warning for every feature that differs.

    Args:
        statistics: Of every split.
        schema: With a ``skew_comparator`` for every feature that is compared.
        classes: Names of the classes.
    """
    checks = []
    for split, other in statistics.items():
        if split != TRAIN:
            found = compare(other, statistics[TRAIN], schema, "skew", classes)
            checks += _judge(f"skew_{split}", found, split, TRAIN, "another data.seed draws another split")
    return checks


def _judge(name: str, found: Sequence[Difference], these: str, those: str, advice: str) -> list[Check]:
    different = [
        Check(
            name=f"{name}_{difference.feature}",
            verdict="warn",
            value=difference.value,
            bound=difference.allowed,
            message=f"'{difference.feature}' of {these} is not as in {those}: {difference.detail} (difference "
            f"{difference.value:.2f}, allowed {difference.allowed:.2f}"
            f"{' with so few patients' if difference.chance > difference.threshold else ''}); {advice}",
        )
        for difference in found
        if difference.value > difference.allowed
    ]
    if different:
        return different
    if not found:
        return [_agreement(name, f"{these} and {those} have no feature that could be compared")]
    return [_agreement(name, f"{these} is like {those} in {', '.join(difference.feature for difference in found)}")]


def _agreement(name: str, message: str) -> Check:
    return Check(name=name, verdict="pass", value=0, bound=0, message=message)
