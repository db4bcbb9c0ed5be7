"""What tells the class in a drawn set: the lungs, and nothing else, by the measurements of the data audit."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from components.data_audit.audit import Check
from components.data_audit.cohort import Cohort, make_cohort, units_of
from components.data_audit.measures import measure_area
from components.data_audit.models import logistic_regression
from components.data_audit.pixels import shrink
from components.data_audit.settings import AuditSettings
from components.data_audit.shortcuts import check_shortcuts
from components.manifest_gen.build import build_manifest
from components.manifest_gen.rows import ManifestRow
from pipeline.settings import load_settings

NEAR_CHANCE = 0.65
CLEAR = 0.8


class Films(NamedTuple):
    rows: tuple[ManifestRow, ...]
    images: np.ndarray  #: uint8 [N, 100, 100]

    def cohort(self, column: str, value: str) -> Cohort:
        positives = np.array([getattr(row, column) == value for row in self.rows])
        return make_cohort(positives, units_of(self.rows), permutations=1, seed=0)


@pytest.fixture(scope="module")
def films(drawn: Path) -> Films:
    settings = load_settings("sample", None, [f"data.root={drawn}"])
    rows = build_manifest(settings.data, settings.split, b"a key for tests, long enough", drawn).rows
    images = []
    for row in rows:
        with Image.open(row.path) as image:
            images.append(shrink(np.asarray(image.convert("RGB").convert("L"))))
    return Films(rows, np.array(images))


@pytest.fixture(scope="module")
def checks(films: Films) -> dict[str, Check]:
    found = check_shortcuts(films.rows, films.images, "covid", AuditSettings(shortcuts="stop"), len(films.rows))
    return {check.name: check for check in found}


def test_nothing_but_the_lungs_tells_the_class(checks: dict[str, Check]) -> None:
    areas = {name: check.value for name, check in checks.items() if name.startswith("shortcut_") and check.bound}
    assert len(areas) == 10
    assert {name: area for name, area in areas.items() if area is None or area >= NEAR_CHANCE} == {}
    assert [check.message for check in checks.values() if check.verdict != "pass"] == []


def test_the_lungs_tell_the_class_and_the_histogram_shows_it(films: Films, checks: dict[str, Check]) -> None:
    lungs = films.images[:, 20:75, 15:85].reshape(len(films.rows), -1) / 255.0
    found = measure_area("lungs", "logistic regression", logistic_regression, [lungs], films.cohort("label", "covid"))
    assert found.value > CLEAR
    assert (checks["shortcut_histogram"].value or 0) > CLEAR


def test_the_view_can_be_seen(films: Films) -> None:
    whole = films.images.reshape(len(films.rows), -1) / 255.0
    found = measure_area("film", "logistic regression", logistic_regression, [whole], films.cohort("view", "PA"))
    assert found.value > CLEAR
