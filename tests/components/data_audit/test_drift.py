"""Drift and skew: what differs is told, what chance makes is not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.data_audit.audit import Check
from components.data_audit.baseline import Baseline
from components.data_audit.drift import check_drift, check_skew

CLASSES = ("covid", "healthy")


@pytest.fixture
def drift(run_schema_of_two_classes: Schema, statistics_of: Any, frame_of: Any, tmp_path: Path) -> Any:
    """Compares the train split with one that was accepted before."""

    def run(now: Any, then: Any, classes: tuple[str, ...] = CLASSES) -> dict[str, Check]:
        file = tmp_path / "FeatureStats.pb"
        file.write_bytes(statistics_of(frame_of(then)).SerializeToString())
        baseline = Baseline(version="7", classes=classes, file=str(file), digest="d")
        checks = check_drift(statistics_of(frame_of(now)), baseline, run_schema_of_two_classes, CLASSES)
        return {check.name: check for check in checks}

    return run


@pytest.fixture
def skew(run_schema_of_two_classes: Schema, statistics_of: Any, frame_of: Any) -> Any:
    """Compares splits with train."""

    def run(**rows: Any) -> dict[str, Check]:
        statistics = {split: statistics_of(frame_of(of)) for split, of in rows.items()}
        return {check.name: check for check in check_skew(statistics, run_schema_of_two_classes, CLASSES)}

    return run


def test_the_same_films_have_not_drifted(drift: Any, make_rows: Any) -> None:
    (check,) = drift(make_rows("train", 80), make_rows("train", 80)).values()
    assert (check.name, check.verdict, check.value, check.bound) == ("drift", "pass", 0, 0)
    assert check.message == "train is like the train split of version 7 in age, finding, label, sex, source, view"


def test_a_share_that_has_changed_is_a_warning_that_says_from_what_to_what(drift: Any, make_rows: Any) -> None:
    now, then = make_rows("train", 800, view=["PA", "AP", "AP", "AP"]), make_rows("train", 800, view=["PA", "AP"])
    (check,) = drift(now, then).values()
    assert (check.name, check.verdict) == ("drift_view", "warn")
    assert check.value == pytest.approx(0.25)
    assert check.bound == pytest.approx(0.1)
    assert check.message == (
        "'view' of train is not as in the train split of version 7: 75% of the films are 'AP', against 50% "
        "(difference 0.25, allowed 0.10); find out which films were added or lost, unless the change is meant"
    )


def test_a_new_source_and_a_new_finding_are_drifts(drift: Any, make_rows: Any) -> None:
    found = drift(make_rows("train", 400, source=["ward", "clinic"]), make_rows("train", 400))
    assert set(found) == {"drift_source"}
    assert "50% of the films are 'clinic', against 0%" in found["drift_source"].message


def test_classes_are_told_by_their_names(drift: Any, make_rows: Any) -> None:
    found = drift(make_rows("train", 400, label=["covid", "covid", "covid", "healthy"]), make_rows("train", 400))
    assert "75% of the films are 'covid', against 50%" in found["drift_label"].message


def test_labels_of_other_classes_are_not_compared(drift: Any, make_rows: Any) -> None:
    (check,) = drift(make_rows("train", 400, label="covid"), make_rows("train", 400), ("healthy", "covid")).values()
    assert check.verdict == "pass"
    assert "label" not in check.message


def test_other_ages_are_a_drift(drift: Any, make_rows: Any) -> None:
    found = drift(make_rows("train", 400), make_rows("train", 400, age=[60.0 + age for age in range(30)]))
    assert set(found) == {"drift_age"}
    assert found["drift_age"].message.startswith("'age' of train is not as in the train split of version 7: the median")


def test_few_patients_may_differ_by_more_and_the_message_says_so(drift: Any, make_rows: Any) -> None:
    now, then = {"view": ["PA", "AP", "AP"]}, {"view": ["PA", "AP"]}
    (check,) = drift(make_rows("train", 30, **now), make_rows("train", 30, **then)).values()
    assert check.verdict == "pass", "17 in a hundred of 30 patients are 5 patients"
    (check,) = drift(make_rows("train", 600, **now), make_rows("train", 600, **then)).values()
    assert check.verdict == "warn"
    (check,) = drift(make_rows("train", 30, view="AP"), make_rows("train", 30, **then)).values()
    assert check.bound is not None
    assert check.bound > 0.3
    assert "with so few patients" in check.message


def test_films_of_one_patient_count_once(drift: Any, make_rows: Any) -> None:
    now, then = {"view": ["PA", "AP", "AP"]}, {"view": ["PA", "AP"]}
    ten = {"patient_id": [f"p{patient}" for patient in range(10)]}
    (check,) = drift(make_rows("train", 600, **now, **ten), make_rows("train", 600, **then, **ten)).values()
    assert check.verdict == "pass"


@pytest.mark.parametrize("patients", [20, 60, 400])
def test_splits_of_one_population_are_hardly_ever_warned_of(skew: Any, make_rows: Any, patients: int) -> None:
    """20 draws of 3 : 1, 5 features and the ages each: at one in a thousand, a warning is expected in 0.1 of them."""
    generator = np.random.default_rng(1)

    def draw(split: str, films: int) -> Any:
        return make_rows(
            split,
            films,
            view=list(generator.choice(["PA", "AP", "AP Supine"], films)),
            sex=list(generator.choice(["F", "M"], films)),
            source=list(generator.choice(["ward", "clinic", "archive"], films)),
            age=[float(age) for age in generator.normal(55, 18, films).clip(1, 100)],
        )

    warnings = [
        name
        for _ in range(20)
        for name, check in skew(train=draw("train", 3 * patients), test=draw("test", patients)).items()
        if check.verdict == "warn"
    ]
    assert len(warnings) <= 1


def test_every_split_is_compared_with_train(skew: Any, make_rows: Any) -> None:
    found = skew(
        train=make_rows("train", 300, sex=["F", "M"]),
        eval=make_rows("eval", 300, sex=["F", "M"]),
        test=make_rows("test", 300, sex="M"),
    )
    assert {name: check.verdict for name, check in found.items()} == {"skew_eval": "pass", "skew_test_sex": "warn"}
    assert "'sex' of test is not as in train: 0% of the films are 'F', against 50%" in found["skew_test_sex"].message


def test_what_one_side_lacks_is_not_compared(skew: Any, make_rows: Any, capfd: pytest.CaptureFixture[str]) -> None:
    found = skew(train=make_rows("train", 60, age=None), test=make_rows("test", 60, sex=None))
    assert found["skew_test"].message == "test is like train in finding, label, source, view"
    assert not capfd.readouterr().err


def test_a_split_without_films_has_nothing_to_compare(
    run_schema_of_two_classes: Schema, statistics_of: Any, frame_of: Any, make_rows: Any
) -> None:
    empty = DatasetFeatureStatisticsList()
    empty.datasets.add()
    statistics = {"train": statistics_of(frame_of(make_rows("train", 20))), "test": empty}
    (check,) = check_skew(statistics, run_schema_of_two_classes, CLASSES)
    assert (check.verdict, check.message) == ("pass", "test and train have no feature that could be compared")


def test_without_an_accepted_version_there_is_no_drift(
    run_schema_of_two_classes: Schema, statistics_of: Any, frame_of: Any, make_rows: Any
) -> None:
    (check,) = check_drift(statistics_of(frame_of(make_rows("train", 20))), None, run_schema_of_two_classes, CLASSES)
    assert check.verdict == "pass"
    assert "nothing to drift from" in check.message


def test_accepted_statistics_that_are_gone_are_a_warning(
    run_schema_of_two_classes: Schema, statistics_of: Any, frame_of: Any, make_rows: Any, tmp_path: Path
) -> None:
    baseline = Baseline(version="7", classes=CLASSES, file=str(tmp_path / "gone.pb"), digest="d")
    (check,) = check_drift(
        statistics_of(frame_of(make_rows("train", 20))), baseline, run_schema_of_two_classes, CLASSES
    )
    assert check.verdict == "warn"
    assert "version 7 cannot be read" in check.message
