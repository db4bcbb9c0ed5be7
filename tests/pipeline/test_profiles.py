"""What a profile promises of its data."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.manifest_gen.build import build_manifest
from pipeline.sample import data_set
from pipeline.settings import load_settings
from trainer.features import TEST
from trainer.statistics import clopper_pearson


@pytest.fixture
def empty_films(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films without a picture: who is on them decides the splits, and drawing them takes long."""

    def draw(*_: Any, height: int, width: int, **__: Any) -> np.ndarray:
        return np.zeros((height, width), np.uint8)

    monkeypatch.setattr(data_set, "draw_film", draw)


@pytest.mark.usefixtures("empty_films")
def test_the_sample_holds_enough_test_films_for_its_bounds(tmp_path: Path) -> None:
    settings = load_settings("sample", None, [])
    assert settings.sample is not None
    data_set.draw_data_set(tmp_path / "films", patients=settings.sample.patients, seed=settings.sample.seed)
    manifest = build_manifest(settings.data, settings.split, b"a key for tests, long enough", tmp_path / "films")
    assert not manifest.rejected
    films = Counter(row.label for row in manifest.rows if row.split == TEST)
    assert min(films.values()) >= 24
    patients = {label: {r.patient_id for r in manifest.rows if (r.label, r.split) == (label, TEST)} for label in films}
    for label, bound in (("covid", settings.gate.min_recall), ("healthy", settings.gate.min_specificity)):
        count = len(patients[label])
        assert clopper_pearson(count, count).low > bound, "a bound that no result can reach"
    views = Counter((row.label, row.view) for row in manifest.rows if row.split == TEST)
    assert len(views) == 4, "both views in both classes"
