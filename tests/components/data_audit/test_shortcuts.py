"""The checks of what tells the class and should not: values, verdicts, sentences."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from components.data_audit.audit import Check
from components.data_audit.pixels import SIDE
from components.data_audit.settings import AuditSettings
from components.data_audit.shortcuts import check_shortcuts
from components.manifest_gen.rows import ManifestRow

STOP = AuditSettings(shortcuts="stop")


def rows_of(patients: int, **by_label: Sequence[Any]) -> list[ManifestRow]:
    """A film per patient, classes in turn; a column is given as its value for covid and its value for healthy."""
    generator = np.random.default_rng(0)
    values: dict[str, Any] = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    rows = []
    for n in range(patients):
        given = {"patient_id": f"p{n}", "label": ("covid", "healthy")[n % 2], "view": "PA", "source": "ward"}
        given |= {"width": int(generator.integers(900, 1100)), "height": int(generator.integers(900, 1100))}
        given |= {"bytes": int(generator.integers(9e5, 11e5)), "format": "PNG", "mode": "L"}
        given |= {"age": float(generator.integers(20, 80)), "sex": str(generator.choice(["F", "M"]))}
        rows.append(ManifestRow(**{**values, **given, **{key: pair[n % 2] for key, pair in by_label.items()}}))
    return rows


def images_of(films: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (films, SIDE, SIDE), dtype=np.uint8)


def judged(rows: list[ManifestRow], images: np.ndarray, settings: AuditSettings = STOP) -> dict[str, Check]:
    return {check.name: check for check in check_shortcuts(rows, images, "covid", settings, len(rows))}


@pytest.fixture(scope="module")
def told_by_source() -> dict[str, Check]:
    """Checks of films whose classes come from a source each."""
    return judged(rows_of(60, source=("a", "b")), images_of(60))


def objections(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if check.verdict != "pass"}


def test_films_whose_classes_differ_in_nothing_pass() -> None:
    checks = judged(rows_of(60), images_of(60))
    assert objections(checks) == set()
    assert checks["shortcut_view"].value == 0.5
    assert len(checks) == 16


@pytest.mark.parametrize(
    "columns, expected",
    [
        ({"width": (800, 1000)}, {"shortcut_file_attributes"}),
        ({"format": ("JPEG", "PNG")}, {"shortcut_file_attributes", "association_format"}),
        ({"mode": ("RGB", "L")}, {"shortcut_file_attributes", "association_mode"}),
        ({"view": ("AP", "PA")}, {"shortcut_view", "shortcut_metadata", "association_view"}),
        ({"age": (None, 40.0)}, {"shortcut_age", "shortcut_metadata"}),
        ({"sex": (None, "F")}, {"shortcut_sex", "shortcut_metadata", "association_sex"}),
    ],
)
def test_what_tells_the_class_is_named_and_nothing_else(columns: dict[str, Any], expected: set[str]) -> None:
    checks = judged(rows_of(60, **columns), images_of(60))
    assert objections(checks) == expected
    assert all(checks[name].verdict == "stop" for name in expected)


def test_a_source_of_its_own_for_each_class_is_named(told_by_source: dict[str, Check]) -> None:
    assert objections(told_by_source) == {"shortcut_source", "shortcut_metadata", "association_source"}


def test_a_mark_in_the_rim_is_found_by_both_models_and_one_in_the_centre_by_none() -> None:
    rows, marked, centred = rows_of(60), images_of(60) // 4, images_of(60) // 4
    marked[::2, 2:8, 2:30] = 255
    centred[::2, 40:46, 40:68] = 255
    assert {"shortcut_rim_logistic", "shortcut_rim_svm", "shortcut_rim_histogram"} <= objections(judged(rows, marked))
    assert not {name for name in objections(judged(rows, centred)) if "rim" in name}


def test_the_histogram_of_the_whole_film_is_measured_and_not_judged() -> None:
    dense = images_of(60)
    dense[::2, 30:60, 30:60] = 128
    check = judged(rows_of(60), dense)["shortcut_histogram"]
    assert (check.value, check.verdict, check.bound) == (1, "pass", None)
    assert "not judged, for disease in the lungs changes it too" in check.message


def test_a_row_says_what_by_which_model_how_far_and_against_what(told_by_source: dict[str, Check]) -> None:
    check = told_by_source["shortcut_source"]
    assert check.message.startswith(
        "covid can be told from all others by its source alone: AUC 1.00 (0.88 to 1.00) by naive Bayes, "
        "balanced accuracy 1.00; audit.max_auc allows 0.70, chance reaches 0."
    )
    assert check.message.endswith("; 60 films, 60 patients")
    assert "allowed by audit.shortcuts: warn, audit.max_auc, or a waiver of 'shortcut_source'" in check.reason
    assert check.measurement is not None
    assert (check.value, check.bound) == (check.measurement.value, 0.7)


def test_the_policy_decides_between_a_warning_and_a_stop(told_by_source: dict[str, Check]) -> None:
    rows, images = rows_of(60, source=("a", "b")), images_of(60)
    assert told_by_source["shortcut_source"].verdict == "stop"
    assert judged(rows, images, AuditSettings())["shortcut_source"].verdict == "warn"
    bounds = AuditSettings(shortcuts="stop", max_auc=0.9, max_cramers_v=0.8)
    assert judged(rows, images, bounds)["shortcut_source"].verdict == "pass", (
        "30 patients a class prove no more than .88"
    )


def test_more_classes_than_two_are_one_against_the_rest() -> None:
    rows = rows_of(60, source=("a", "b"))
    rows = [row if n % 4 else ManifestRow(**{**row.__dict__, "label": "other"}) for n, row in enumerate(rows)]
    check = judged(rows, images_of(60))["shortcut_source"]
    assert check.measurement is not None
    assert check.measurement.balanced_accuracy == pytest.approx((1 + 30 / 45) / 2)


def test_too_few_patients_are_one_warning_that_says_so() -> None:
    (check,) = check_shortcuts(rows_of(9), images_of(9), "covid", STOP, 9)
    assert (check.name, check.verdict, check.value) == ("shortcuts", "warn", None)
    assert "'covid' has 5 patients and all other classes have 4, but 5 folds want 5 of each" in check.message
    assert check_shortcuts([], images_of(0), "covid", STOP, 0)[0].verdict == "warn"


def test_a_choice_of_films_is_told() -> None:
    check = check_shortcuts(rows_of(60), images_of(60), "covid", STOP, 9000)[0]
    assert check.message.endswith("60 films of 9000, chosen by patient (audit.max_films), 60 patients")


def test_the_same_films_give_the_same_rows(told_by_source: dict[str, Check]) -> None:
    assert judged(rows_of(60, source=("a", "b")), images_of(60)) == told_by_source
