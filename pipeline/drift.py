"""Whether films in use, and what a model says of them, are like those that it was made with and measured on."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from google.protobuf import text_format
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics, DatasetFeatureStatisticsList

from components.data_audit.differences import by_name, compare, films_of
from components.pusher.publish import STATISTICS
from components.pusher.reference import ANSWERS, FILMS, statistics_of
from pipeline.drift_samples import Samples
from schema import SAMPLES_FILE
from trainer.errors import RunError
from trainer.samples import BUCKETS, OF_ANSWER, OF_FILM, REFERENCE
from trainer.strict import Settings

#: Five for each bucket of a number, with fewer of which its shares are no estimate.
#: Source: Cochran, Biometrics 10 (1954) 417-451.
MIN_FILMS: Final = 5 * BUCKETS


class FeatureDrift(Settings):
    """How far a feature of films in use differs.

    Attributes:
        name: As in ``trainer.samples``.
        measure: ``share``, the largest difference of a value's shares, or ``divergence``, Jensen-Shannon's in bits;
            both from 0 to 1.
        films: In use, that have a value.
        reference_films: Of the train split, or of the test split for what the model says.
        value: Of the measure.
        threshold: What the schema allows.
        bound: What is allowed of so few films, the threshold at least.
        over: Whether the value is above the bound.
        is_allowed: Whether the reader has said that it may be.
        detail: What differs, in words.
    """

    name: str
    measure: str
    films: int
    reference_films: int
    value: float
    threshold: float
    bound: float
    over: bool
    is_allowed: bool
    detail: str


class Drift(Settings):
    """The films in use that one version has answered, against its own.

    Attributes:
        model: Its name.
        version: Its number.
        hours: The first and the last that the films came in, UTC.
        films: How many are compared.
        invalid: How many could not be decoded, and are not compared.
        others: How many other versions have answered; left out.
        earlier: How many came before the time asked for; left out.
        features: All that are compared.
    """

    model: str
    version: str
    hours: tuple[str, str]
    films: int
    invalid: int
    others: int
    earlier: int
    features: tuple[FeatureDrift, ...]

    @property
    def drifted(self) -> tuple[FeatureDrift, ...]:
        """Those above their bound that nobody has allowed."""
        return tuple(feature for feature in self.features if feature.over and not feature.is_allowed)


def drift_of(version: Path, samples: Samples, allowed: Collection[str] = ()) -> Drift:
    """Compares films in use with those of a version.

    Args:
        version: Its folder.
        samples: The films that it has answered.
        allowed: Names of features that may differ.

    Raises:
        RunError: There are too few films, or nothing to compare them with.
    """
    then = _reference(version)
    if len(samples.films) < MIN_FILMS:
        raise RunError(
            f"{len(samples.films)} films that version {samples.version} of '{samples.model}' has answered are too few "
            f"to tell drift from chance (left out: {samples.others} of other versions, {samples.earlier} earlier, "
            f"{samples.invalid} invalid); wait for {MIN_FILMS}, or keep more with cxr serve --sample-share"
        )
    schema = text_format.Parse(SAMPLES_FILE.read_text(encoding="utf-8"), Schema())
    found = {}
    for dataset, names in ((FILMS, OF_FILM), (ANSWERS, OF_ANSWER)):
        now = statistics_of(samples.films[list(names)], dataset)
        found.update(_features(now, then[dataset], schema, allowed))
    return Drift(
        model=samples.model,
        version=samples.version,
        hours=samples.hours,
        films=len(samples.films),
        invalid=samples.invalid,
        others=samples.others,
        earlier=samples.earlier,
        features=tuple(found[name] for name in (*OF_FILM, *OF_ANSWER) if name in found),
    )


def _features(
    now: DatasetFeatureStatistics, then: DatasetFeatureStatistics, schema: Schema, allowed: Collection[str]
) -> dict[str, FeatureDrift]:
    these, those = (DatasetFeatureStatisticsList(datasets=[dataset]) for dataset in (now, then))
    here, there = by_name(these), by_name(those)
    shares = {one.name for one in schema.feature if one.drift_comparator.HasField("infinity_norm")}
    differences = compare(these, those, schema, "drift")
    return {
        one.feature: FeatureDrift(
            name=one.feature,
            measure="share" if one.feature in shares else "divergence",
            films=films_of(here[one.feature]),
            reference_films=films_of(there[one.feature]),
            value=one.value,
            threshold=one.threshold,
            bound=one.allowed,
            over=one.value > one.allowed,
            is_allowed=one.feature in allowed,
            detail=one.detail,
        )
        for one in differences
    }


def _reference(version: Path) -> Mapping[str, DatasetFeatureStatistics]:
    file = version / STATISTICS / REFERENCE
    try:
        return {one.name: one for one in DatasetFeatureStatisticsList.FromString(file.read_bytes()).datasets}
    except OSError as error:
        raise RunError(
            f"{file} cannot be read ({error.strerror}): a version that was pushed before there was cxr drift has none; "
            "train and push the model again"
        ) from error
