"""Drift and skew: whether the films are still like those of the last accepted data, and the splits like one another.

The schema says what is compared and how much may differ. Both only warn: a new source is a drift that is meant.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tensorflow_data_validation as tfdv
from scipy import stats
from tensorflow_metadata.proto.v0.anomalies_pb2 import DriftSkewInfo
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList, FeatureNameStatistics

from components.data_audit.audit import Check
from components.data_audit.baseline import Baseline
from trainer import features
from trainer.features import TRAIN

#: How often samples of one population may differ by more than what is called chance here.
ALPHA: Final = 0.001
#: Buckets of the two histograms of an age, laid over one another: 10 to 20. 150 pairs of samples of one population
#: for each of six settings (15 to 600 ages) never went above the bound that 15 give.
BUCKETS: Final = 15


@dataclass(frozen=True)
class Difference:
    """How far a feature differs between two sets of films.

    Attributes:
        feature: Its name.
        value: Largest difference of a value's shares (0 to 1), or Jensen-Shannon divergence in bits (0 to 1).
        threshold: What the schema allows.
        chance: What so few patients differ by without any cause, all but once in a thousand times.
        detail: What differs, in words.
    """

    feature: str
    value: float
    threshold: float
    chance: float
    detail: str

    @property
    def allowed(self) -> float:
        """What is not worth a warning."""
        return max(self.threshold, self.chance)


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
    found, compared = _compare(train, accepted, schema, "drift", classes, left_out)
    advice = "find out which films were added or lost, unless the change is meant"
    return _judge("drift", found, compared, "train", f"the train split of version {baseline.version}", advice)


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
            found, compared = _compare(other, statistics[TRAIN], schema, "skew", classes)
            checks += _judge(f"skew_{split}", found, compared, split, TRAIN, "another data.seed draws another split")
    return checks


def _judge(
    name: str, found: Sequence[Difference], compared: Sequence[str], these: str, those: str, advice: str
) -> list[Check]:
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
    if not compared:
        return [_agreement(name, f"{these} and {those} have no feature that could be compared")]
    return [_agreement(name, f"{these} is like {those} in {', '.join(compared)}")]


def _agreement(name: str, message: str) -> Check:
    return Check(name=name, verdict="pass", value=0, bound=0, message=message)


def _compare(
    now: DatasetFeatureStatisticsList,
    then: DatasetFeatureStatisticsList,
    schema: Schema,
    kind: str,
    classes: Sequence[str],
    left_out: Sequence[str] = (),
) -> tuple[list[Difference], list[str]]:
    """What TFDV measures of every feature that both have values of; TFDV takes an empty side for a difference."""
    here, there = _by_name(now), _by_name(then)
    both = [name for name in here if name in there and name not in left_out]
    comparable = Schema(
        feature=[f for f in schema.feature if f.name in both and f.HasField(f"{kind}_comparator")],
        string_domain=schema.string_domain,
    )
    previous = {"drift": "previous_statistics", "skew": "serving_statistics"}[kind]
    anomalies = tfdv.validate_statistics(now, comparable, **{previous: then})
    units = 1 / _patients(here) + 1 / _patients(there) if both else math.inf
    found = []
    for info in anomalies.drift_skew_info:
        name = info.path.step[0]
        (measured,) = getattr(info, f"{kind}_measurements")
        chance, detail = (
            _shares(here[name], there[name], units, classes if name == features.LABEL else None)
            if measured.type == DriftSkewInfo.Measurement.L_INFTY
            else _middles(here[name], there[name], units)
        )
        found.append(Difference(name, measured.value, measured.threshold, chance, detail))
    return found, [difference.feature for difference in found]


def _by_name(statistics: DatasetFeatureStatisticsList) -> dict[str, FeatureNameStatistics]:
    """The features that have values."""
    return {
        feature.path.step[0]: feature
        for dataset in statistics.datasets
        for feature in dataset.features
        if getattr(feature, feature.WhichOneof("stats")).common_stats.num_non_missing
    }


def _patients(by_name: Mapping[str, FeatureNameStatistics]) -> int:
    """Films of one patient are alike, so patients are what is counted."""
    return max(1, by_name[features.PATIENT_ID].string_stats.unique) if features.PATIENT_ID in by_name else 1


def _shares(
    now: FeatureNameStatistics, then: FeatureNameStatistics, units: float, classes: Sequence[str] | None
) -> tuple[float, str]:
    """Chance and words for the value whose shares differ most."""
    counts = [
        {bucket.label: bucket.sample_count for bucket in feature.string_stats.rank_histogram.buckets}
        for feature in (now, then)
    ]
    totals = [sum(of.values()) or 1 for of in counts]
    shares = {
        value: [of.get(value, 0) / total for of, total in zip(counts, totals, strict=True)]
        for value in sorted({*counts[0], *counts[1]})
    }
    value, (here, there) = max(shares.items(), key=lambda item: abs(item[1][0] - item[1][1]))
    pooled = sum(of.get(value, 0) for of in counts) / sum(totals)
    chance = float(stats.norm.isf(ALPHA / 2)) * math.sqrt(pooled * (1 - pooled) * units)
    name = classes[int(value)] if classes is not None and int(value) < len(classes) else value
    return chance, f"{here:.0%} of the films are '{name}', against {there:.0%}"


def _middles(now: FeatureNameStatistics, then: FeatureNameStatistics, units: float) -> tuple[float, str]:
    """Chance and words for a number.

    Jensen-Shannon divergence of two samples is about a chi-squared variable: to second order it is
    sum((p - q)^2 / m) / (8 ln 2), with m the mean of p and q.
    """
    chance = float(stats.chi2.isf(ALPHA, BUCKETS - 1)) * units / (8 * math.log(2))
    return chance, f"the median is {now.num_stats.median:g}, against {then.num_stats.median:g}"
