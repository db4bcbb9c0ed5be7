"""How far features differ between two sets of films, and by how much chance alone would have them differ."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import tensorflow_data_validation as tfdv
from scipy import special, stats
from tensorflow_metadata.proto.v0.anomalies_pb2 import DriftSkewInfo
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList, FeatureNameStatistics

from trainer import features

#: How often samples of one population may differ by more than what is called chance here.
ALPHA: Final = 0.001
#: Buckets of the two histograms of an age, laid over one another: 10 to 20. 150 pairs of samples of one population
#: for each of six settings (15 to 600 ages) never went above the bound that 15 give.
BUCKETS: Final = 15
#: Pairs of samples from which the chance of a divergence of shares is taken; 10 of them are above it.
DRAWS: Final = 10_000


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


def compare(
    now: DatasetFeatureStatisticsList,
    then: DatasetFeatureStatisticsList,
    schema: Schema,
    kind: str,
    classes: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
) -> list[Difference]:
    """What TFDV measures of every feature that both have values of; TFDV takes an empty side for a difference.

    Args:
        now: Statistics of these films.
        then: Of those that they are compared with.
        schema: With a comparator of the kind for every feature that is compared.
        kind: ``drift`` or ``skew``.
        classes: Names of the classes, where labels are indices.
        left_out: Features that are not compared all the same.
    """
    here, there = by_name(now), by_name(then)
    both = [name for name in here if name in there and name not in left_out]
    comparable = Schema(
        feature=[f for f in schema.feature if f.name in both and f.HasField(f"{kind}_comparator")],
        string_domain=schema.string_domain,
    )
    previous = {"drift": "previous_statistics", "skew": "serving_statistics"}[kind]
    anomalies = tfdv.validate_statistics(now, comparable, **{previous: then})
    sizes = (_patients(here), _patients(there)) if both else (1, 1)
    units = sum(1 / size for size in sizes)
    found = []
    for info in anomalies.drift_skew_info:
        name = info.path.step[0]
        (measured,) = getattr(info, f"{kind}_measurements")
        if measured.type == DriftSkewInfo.Measurement.L_INFTY:
            chance, detail = _shares(here[name], there[name], units, classes if name == features.LABEL else None)
        elif here[name].HasField("string_stats"):
            chance, detail = _all_shares(here[name], there[name], sizes)
        else:
            chance, detail = _middles(here[name], there[name], units)
        found.append(Difference(name, measured.value, measured.threshold, chance, detail))
    return found


def by_name(statistics: DatasetFeatureStatisticsList) -> dict[str, FeatureNameStatistics]:
    """The features that have values."""
    return {
        feature.path.step[0]: feature
        for dataset in statistics.datasets
        for feature in dataset.features
        if films_of(feature)
    }


def films_of(feature: FeatureNameStatistics) -> int:
    """How many films have a value of it."""
    return int(getattr(feature, feature.WhichOneof("stats")).common_stats.num_non_missing)


def _patients(found: Mapping[str, FeatureNameStatistics]) -> int:
    """Films of one patient are alike, so patients are what is counted; films where nobody says whose they are."""
    if features.PATIENT_ID in found:
        return max(1, found[features.PATIENT_ID].string_stats.unique)
    return max(films_of(feature) for feature in found.values())


def _shares(
    now: FeatureNameStatistics, then: FeatureNameStatistics, units: float, classes: Sequence[str] | None
) -> tuple[float, str]:
    """Chance and words for the value whose shares differ most."""
    counts = [_counts(feature) for feature in (now, then)]
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


def _all_shares(now: FeatureNameStatistics, then: FeatureNameStatistics, sizes: tuple[int, int]) -> tuple[float, str]:
    """Chance for the divergence of all shares, and words for the value whose shares differ most.

    Of values that few films have, no formula holds: samples of such sizes are drawn from both sides' films together.
    """
    counts = [_counts(feature) for feature in (now, then)]
    pooled = np.array([sum(of.get(value, 0) for of in counts) for value in sorted({*counts[0], *counts[1]})])
    generator = np.random.default_rng(0)
    p, q = (generator.multinomial(size, pooled / pooled.sum(), DRAWS) / size for size in sizes)
    chance = np.quantile(special.rel_entr([p, q], (p + q) / 2).sum(axis=(0, 2)), 1 - ALPHA) / (2 * math.log(2))
    return float(chance), _shares(now, then, 1, None)[1]


def _counts(feature: FeatureNameStatistics) -> dict[str, float]:
    """Value -> how many films have it."""
    return {bucket.label: bucket.sample_count for bucket in feature.string_stats.rank_histogram.buckets}
