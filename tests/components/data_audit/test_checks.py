"""What the audit measures and what it makes of it."""

from components.data_audit.checks import (
    Audit,
    check_anomalies,
    check_classes,
    check_overlap,
    check_patients_known,
    check_rejected,
)
from components.manifest_gen.rows import ManifestRow, Rejection

CLASSES = ["covid", "healthy"]


def row(path: str, *, split: str, label: str = "covid", patient: str = "", sha256: str = "") -> ManifestRow:
    values = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    patient, sha256 = patient or path, sha256 or path
    given = {"path": path, "split": split, "label": label, "patient_id": patient, "sha256": sha256, "row": 2}
    return ManifestRow(**{**values, **given})


def rejection(reason: str) -> Rejection:
    return Rejection("source", 2, "film.png", reason, "said why")


def test_the_share_of_rejected_rows_stops_above_its_bound_and_not_at_it() -> None:
    rejected = [rejection("view")] * 2 + [rejection("no_file")]
    at_bound = check_rejected(rejected, films=7, max_rejected=0.3)
    assert (at_bound.verdict, at_bound.value, at_bound.bound) == ("pass", 0.3, 0.3)
    above = check_rejected(rejected, films=6, max_rejected=0.3)
    assert above.verdict == "stop"
    assert above.message.startswith("3 of 9 rows rejected (33.3%; data.max_rejected allows 30.0%): view 2, no_file 1")


def test_no_rows_at_all_is_a_stop() -> None:
    assert check_rejected([], films=0, max_rejected=0.99).verdict == "stop"


def test_a_patient_in_two_splits_stops() -> None:
    rows = [row("a", split="train", patient="p1"), row("b", split="test", patient="p1"), row("c", split="eval")]
    patients, files = check_overlap(rows, "patient")
    assert (patients.verdict, patients.value) == ("stop", 1)
    assert "p1" in patients.message
    assert files.verdict == "pass"


def test_a_split_by_film_that_parts_a_patient_is_a_warning_that_says_so() -> None:
    rows = [row("a", split="train", patient="p1"), row("b", split="test", patient="p1")]
    patients, _ = check_overlap(rows, "film")
    assert patients.verdict == "warn"
    assert "flatter the model" in patients.message


def test_the_same_bytes_in_two_splits_stop_even_under_two_patients() -> None:
    rows = [row("a", split="train", sha256="same"), row("b", split="test", sha256="same")]
    patients, files = check_overlap(rows, "film")
    assert patients.verdict == "pass"
    assert (files.verdict, files.value) == ("stop", 1)


def test_films_that_balancing_left_out_overlap_with_nobody() -> None:
    rows = [row("a", split="train", patient="p1"), row("b", split="unused", patient="p1", sha256="a")]
    assert [check.verdict for check in check_overlap(rows, "patient")] == ["pass", "pass"]


def test_sources_that_name_no_patients_are_a_warning() -> None:
    assert check_patients_known([]).verdict == "pass"
    warned = check_patients_known(["ward"])
    assert warned.verdict == "warn"
    assert "(ward): every film counts as a patient of its own" in warned.message


def test_a_class_that_lacks_a_split_stops() -> None:
    rows = [
        row(f"{label}{split}", split=split, label=label) for label in CLASSES for split in ("train", "eval", "test")
    ]
    assert [check.verdict for check in check_classes(rows, CLASSES)] == ["pass", "pass"]
    covid, healthy = check_classes(rows[:-1], CLASSES)
    assert covid.verdict == "pass"
    assert healthy.verdict == "stop"
    assert healthy.message.startswith("healthy: train 1, eval 1, test 0 films; none in test: add films")


def test_an_anomaly_stops_by_its_severity() -> None:
    found = check_anomalies({"train": [("view", "unexpected value ZZ", True), ("age", "odd", False)], "eval": []})
    assert [check.verdict for check in found] == ["stop", "warn"]
    assert found[0].message == "train: feature 'view': unexpected value ZZ"


def test_no_anomaly_is_said_too() -> None:
    assert [check.verdict for check in check_anomalies({"train": [], "eval": []})] == ["pass"]


def test_an_audit_sorts_its_checks() -> None:
    checks = check_anomalies({"train": [("view", "unexpected value ZZ", True), ("age", "odd", False)]})
    audit = Audit(checks=tuple(checks))
    assert [check.name for check in audit.stops] == ["anomaly_train_view"]
    assert [check.name for check in audit.warnings] == ["anomaly_train_age"]
