"""The training statistics that are pushed with a model, without what points at a patient or a film.

TFDV lists the most frequent values of every feature. A served folder is copied to where the films are not, and whoever
holds a film could tell from its image id whether the model was trained on it. That is told by one file alone, which can
be taken out (`trainer.film_hashes`), and not by these.
"""

from pathlib import Path
from typing import Final

from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics, DatasetFeatureStatisticsList

from trainer.features import IMAGE, IMAGE_ID, PATIENT_ID

IDENTIFYING: Final = (IMAGE, PATIENT_ID, IMAGE_ID)


def copy_statistics(source: Path, target: Path) -> None:
    """Copies ``Split-*/FeatureStats.pb``; of what identifies, counts stay and values go."""
    for file in sorted(source.glob("Split-*/FeatureStats.pb")):
        statistics = DatasetFeatureStatisticsList.FromString(file.read_bytes())
        for dataset in statistics.datasets:
            remove_values(dataset)
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True)
        copy.write_bytes(statistics.SerializeToString(deterministic=True))


def remove_values(dataset: DatasetFeatureStatistics) -> None:
    """Takes the values of what identifies out of statistics; their counts stay."""
    for feature in dataset.features:
        if feature.path.step[0] in IDENTIFYING:
            feature.string_stats.ClearField("top_values")
            feature.string_stats.ClearField("rank_histogram")
