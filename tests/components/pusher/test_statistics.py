"""What of the statistics is pushed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.pusher.statistics import IDENTIFYING, copy_statistics
from trainer import features


@pytest.fixture(scope="module")
def pair(validated: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The statistics of the drawn films' train split as TFDV reads them: StatisticsGen's, and the copy."""
    import tensorflow_data_validation as tfdv

    source, target = Path(validated.statistics.uri), tmp_path_factory.mktemp("pushed") / "statistics"
    copy_statistics(source, target)
    assert {folder.name for folder in target.iterdir()} == {f"Split-{split}" for split in features.SPLITS}

    def read(folder: Path) -> dict[str, Any]:
        (dataset,) = tfdv.load_stats_binary(str(folder / "Split-train" / "FeatureStats.pb")).datasets
        return {feature.path.step[0]: feature for feature in dataset.features}

    return read(source), read(target)


def test_every_feature_can_be_read_back_as_it_was(pair: Any) -> None:
    before, after = pair
    assert set(after) == set(before) == set(features.FEATURES)
    for name in set(features.FEATURES) - set(IDENTIFYING):
        assert after[name] == before[name]


def test_neither_patients_nor_films_can_be_recognised(pair: Any) -> None:
    before, after = pair
    for name in IDENTIFYING:
        assert before[name].string_stats.top_values
        assert not after[name].string_stats.top_values
        assert not after[name].string_stats.rank_histogram.buckets
    patients = [value.value.encode() for value in before[features.PATIENT_ID].string_stats.top_values]
    films = [value.value.encode() for value in before[features.IMAGE_ID].string_stats.top_values]
    content = b"".join(feature.SerializeToString() for feature in after.values())
    assert not [value for value in patients + films if value in content]


def test_how_many_patients_there_were_stays(pair: Any) -> None:
    before, after = pair
    assert after[features.PATIENT_ID].string_stats.unique == before[features.PATIENT_ID].string_stats.unique > 1
