"""What the audit says of two public collections: of covid films from one source and normal films from another."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.data_audit.audit import Check
from components.data_audit.pixels import shrink
from components.data_audit.settings import AuditSettings
from components.data_audit.shortcuts import check_shortcuts
from components.manifest_gen.build import build_manifest
from pipeline.settings import load_settings

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif("CXR_REALDATA" not in os.environ, reason="CXR_REALDATA names no folder of real films"),
]


@pytest.fixture(scope="module")
def checks() -> dict[str, Check]:
    folder = Path(os.environ["CXR_REALDATA"])
    settings = load_settings("covid_chestxray", None, [f"data.root={folder}"])
    rows = build_manifest(settings.data, settings.split, b"a key for tests, long enough", folder).rows
    images = []
    for row in rows:
        with Image.open(row.path) as image:
            images.append(shrink(np.asarray(image.convert("RGB").convert("L").resize((224, 224)))))
    found = check_shortcuts(rows, np.array(images), "covid", settings.audit, len(rows))
    assert settings.audit == AuditSettings(shortcuts="warn")
    return {check.name: check for check in found}


@pytest.mark.parametrize(
    "name, accuracy, tolerance",
    [
        ("shortcut_file_attributes", 0.993, 0.01),
        ("shortcut_source", 0.993, 0.01),
        # One film of 150 is .007, and ten foldings ranged over .07 and .03.
        ("shortcut_rim_logistic", 0.82, 0.05),
        ("shortcut_rim_svm", 0.94, 0.04),
    ],
)
def test_the_accuracies_are_what_is_known_of_these_films(
    checks: dict[str, Check], name: str, accuracy: float, tolerance: float
) -> None:
    found = checks[name].measurement
    assert found is not None
    assert found.films == 150
    assert found.balanced_accuracy == pytest.approx(accuracy, abs=tolerance)


def test_each_of_them_is_a_warning_that_names_its_model(checks: dict[str, Check]) -> None:
    warned = {name for name, check in checks.items() if check.verdict == "warn"}
    assert warned == {
        "shortcut_file_attributes", "shortcut_source", "shortcut_metadata", "shortcut_rim_logistic",
        "shortcut_rim_svm", "shortcut_rim_histogram", "association_source", "association_format", "association_mode",
    }  # fmt: skip
    assert re.search(r"rim \(pixels\) alone: .* by logistic regression", checks["shortcut_rim_logistic"].message)
    assert re.search(r"rim \(HOG, pixels\) alone: .* by SVM", checks["shortcut_rim_svm"].message)


def test_one_view_says_nothing(checks: dict[str, Check]) -> None:
    assert checks["shortcut_view"].value == 0.5
    assert checks["association_view"].value == 0
