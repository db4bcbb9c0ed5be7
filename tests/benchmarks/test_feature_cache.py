"""The benchmark of the feature cache, on a few films, and the page that it writes."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.settings import RunSettings, load_settings
from tests.model_trial import small_frozen_backbone

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "feature_cache.py"
FIGURES = SCRIPT.with_suffix(".json")


@pytest.fixture(scope="module")
def feature_cache() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("feature_cache", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "feature_cache", module)  # where dataclasses look for it
        spec.loader.exec_module(module)
        yield module


@pytest.fixture
def settings(films: Path) -> RunSettings:
    return load_settings("sample", None, [f"data.root={films}"])


def test_both_are_trained_on_the_same_films_and_measured(
    feature_cache: ModuleType, settings: RunSettings, tmp_path: Path
) -> None:
    network = feature_cache.Network("inception_resnet_v2", 32, 1)
    counts = feature_cache.write_records(
        feature_cache.rows_of(settings), settings.data.classes, 32, tmp_path / "records"
    )
    assert all(counts.values())
    with small_frozen_backbone():
        rows = [
            {"films": "drawn", **feature_cache.try_views(tmp_path / "records", settings, network, views, 3, 2)}
            for views in (0, 1)
        ]
    for views, row in enumerate(rows):
        assert (row["network"], row["views"], row["seed"]) == ("inception_resnet_v2", views, 3)
        assert min(row["epoch_seconds"], row["seconds"]) > 0  # of the clock and of the cores: a busy machine parts them
        assert row["best_epoch"] in (1, 2)
        for split in ("eval", "test"):
            for value, low, high, films in row[split].values():
                assert 0 <= low <= value <= high <= 1
                assert films <= counts[split]
    figures = {"about": "here", "epochs": 2, "films": {"drawn": counts}, "trials": rows}
    page = "\n".join(feature_cache.page(figures))
    assert "## Films of the profile `sample`: " in page
    assert "- inception_resnet_v2, seeds: 1. CPU seconds with K = 0 over those with K = 1: " in page


def test_intervals_overlap_where_they_share_a_point(feature_cache: ModuleType) -> None:
    low, high = [0.5, 0.4, 0.6, 9], [0.7, 0.61, 0.8, 9]
    assert feature_cache._standing(low, [0.7, 0.6, 0.8, 9]) == "overlap"
    assert (feature_cache._standing(low, high), feature_cache._standing(high, low)) == ("above", "below")


def test_without_real_films_there_are_none(
    feature_cache: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXR_REALDATA", raising=False)
    assert feature_cache.films_of("real", tmp_path) is None


def test_the_page_that_is_kept_is_that_of_the_figures(feature_cache: ModuleType) -> None:
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    page = SCRIPT.with_suffix(".md").read_text(encoding="utf-8")
    assert page == "\n".join(feature_cache.page(figures)) + "\n"
