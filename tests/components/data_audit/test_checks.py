"""What the audit measures and what it makes of it."""

from typing import Any

from components.data_audit.checks import (
    check_classes,
    check_overlap,
    check_patients_known,
    check_rejected,
)
from components.manifest_gen.rows import ManifestRow, Rejection

CLASSES = ["covid", "healthy"]


def row(path: str, *, split: str, label: str = "covid", patient: str = "", sha256: str = "", group: str = "") -> Any:
    values = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    patient, sha256 = patient or path, sha256 or path
    given = {"path": path, "split": split, "label": label, "patient_id": patient, "sha256": sha256, "group": group}
    return ManifestRow(**{**values, **given})


def rejection(reason: str, source: str = "source") -> Rejection:
    return Rejection(source, 2, "film.png", reason, "said why")


def test_the_share_of_rejected_rows_stops_above_its_bound_and_not_at_it() -> None:
    rejected = [rejection("view")] * 2 + [rejection("no_file")]
    at_bound = check_rejected(rejected, films=7, max_rejected=0.3)
    assert (at_bound.verdict, at_bound.value, at_bound.bound) == ("pass", 0.3, 0.3)
    above = check_rejected(rejected, films=6, max_rejected=0.3)
    assert above.verdict == "stop"
    assert above.message.startswith("3 of 9 rows rejected (33.3%; data.max_rejected allows 30.0%)")


def test_rejects_are_summed_by_source_and_reason() -> None:
    rejected = [rejection("view"), rejection("no_file", "ward"), rejection("view", "ward"), rejection("view", "ward")]
    message = check_rejected(rejected, films=4, max_rejected=0.5).message
    assert "(source: view 1; ward: view 2, no_file 1); see rejected.csv" in message


def test_rows_whose_films_were_never_fetched_do_not_count_and_are_told() -> None:
    rejected = [rejection("view"), *[rejection("not_fetched")] * 96]
    check = check_rejected(rejected, films=3, max_rejected=0.25)
    assert (check.verdict, check.value) == ("pass", 0.25)
    assert "1 of 4 rows rejected" in check.message
    assert check.message.endswith("; 96 rows of partial sources, whose films are not here, do not count")
    assert check_rejected(rejected[1:], films=0, max_rejected=0.99).verdict == "stop"


def test_no_rows_at_all_is_a_stop() -> None:
    assert check_rejected([], films=0, max_rejected=0.99).verdict == "stop"


def test_a_patient_in_two_splits_stops() -> None:
    rows = [row("a", split="train", patient="p1"), row("b", split="test", patient="p1"), row("c", split="eval")]
    patients, files, _ = check_overlap(rows, "patient")
    assert (patients.verdict, patients.value) == ("stop", 1)
    assert "p1" in patients.message
    assert files.verdict == "pass"


def test_a_split_by_film_that_parts_a_patient_is_a_warning_that_says_so() -> None:
    rows = [row("a", split="train", patient="p1"), row("b", split="test", patient="p1")]
    patients, *_ = check_overlap(rows, "film")
    assert patients.verdict == "warn"
    assert "flatter the model" in patients.message


def test_the_same_bytes_in_two_splits_stop_even_under_two_patients() -> None:
    rows = [row("a", split="train", sha256="same"), row("b", split="test", sha256="same")]
    patients, files, _ = check_overlap(rows, "film")
    assert patients.verdict == "pass"
    assert (files.verdict, files.value) == ("stop", 1)


def test_films_that_balancing_left_out_overlap_with_nobody() -> None:
    rows = [row("a", split="train", patient="p1"), row("b", split="unused", patient="p1", sha256="a")]
    assert [check.verdict for check in check_overlap(rows, "patient")] == ["pass"] * 3


def test_copies_of_a_film_in_two_splits_stop_however_the_split_was_drawn() -> None:
    rows = [row("a", split="train", group="9f"), row("b", split="test", group="9f"), row("c", split="eval")]
    for split_by in ("patient", "film"):
        *_, copies = check_overlap([*rows, row("d", split="test")], split_by)
        assert (copies.name, copies.verdict, copies.value) == ("copy_overlap", "stop", 1)
    assert check_overlap(rows[1:], "patient")[2].verdict == "pass"


def test_sources_that_name_no_patients_are_a_warning() -> None:
    assert check_patients_known([]).verdict == "pass"
    warned = check_patients_known(["ward"])
    assert warned.verdict == "warn"
    assert "(ward): every film counts as a patient of its own" in warned.message


def test_a_class_that_lacks_a_split_stops_and_no_waiver_is_heard() -> None:
    rows = [
        row(f"{label}{split}", split=split, label=label) for label in CLASSES for split in ("train", "eval", "test")
    ]
    assert [check.verdict for check in check_classes(rows, CLASSES, "covid", 1)] == ["pass", "pass"]
    covid, healthy = check_classes(rows[:-1], CLASSES, "covid", 1)
    assert covid.verdict == "pass"
    assert (healthy.verdict, healthy.waivable) == ("stop", False)
    assert healthy.message.startswith(
        "healthy: train 1 (1), eval 1 (1), test 0 (0) films (patients); none in test: add"
    )


def test_few_patients_in_a_split_warn_however_many_films_they_have() -> None:
    rows = [row(f"{s}{n}", split=s, patient=f"{s}{n}") for s in ("train", "eval", "test") for n in range(3)]
    rows += [row(f"more{n}", split="eval", patient="eval0") for n in range(9)]
    (enough,), (few,) = (check_classes(rows, ["covid"], "covid", least) for least in (3, 4))
    assert (enough.verdict, enough.value) == ("pass", 3)
    assert (few.verdict, few.value, few.bound) == ("warn", 3, 4)
    assert "eval 12 (3)" in few.message
    assert "fewer than audit.min_patients (4) patients in train and eval and test" in few.message


MANY = ["covid", "sars", "mers"]


def films_of(*places: tuple[str, str]) -> list[ManifestRow]:
    """A film for each class and split; ``all`` is every split."""
    return [
        row(f"{label}{split}", split=split, label=label)
        for label, where in places
        for split in (("train", "eval", "test") if where == "all" else (where,))
    ]


def test_one_of_several_classes_without_any_film_is_a_warning_that_says_what_follows() -> None:
    covid, sars, mers = check_classes(films_of(("covid", "all"), ("sars", "all")), MANY, "covid", 1)
    assert [check.verdict for check in (covid, sars, mers)] == ["pass", "pass", "warn"]
    assert mers.message == (
        "mers: no film at all, so the model cannot learn it and nothing is measured of it: add films of at least three "
        "patients of the class, or widen data.findings or data.views, or take the class out of data.classes"
    )
    assert mers.waivable


def test_one_of_several_classes_without_films_in_a_split_is_a_warning_that_says_what_follows() -> None:
    rows = films_of(("covid", "all"), ("sars", "all"), ("mers", "train"))
    *_, mers = check_classes(rows, MANY, "covid", 1)
    assert mers.verdict == "warn"
    assert "mers: train 1 (1), eval 0 (0), test 0 (0) films (patients); none in eval and test, so " in mers.message
    assert "training stops and the threshold is chosen without it and nothing is measured of it: add" in mers.message
    *_, mers = check_classes(films_of(("covid", "all"), ("sars", "all"), ("mers", "test")), MANY, "covid", 1)
    assert "none in train and eval, so the model cannot learn it and " in mers.message


def test_the_positive_class_and_some_other_must_have_films_in_every_split() -> None:
    rows = films_of(("covid", "train"), ("covid", "test"), ("sars", "all"), ("mers", "all"))
    assert [check.verdict for check in check_classes(rows, MANY, "covid", 1)] == ["stop", "pass", "pass"]
    rows = films_of(("covid", "all"), ("sars", "train"), ("sars", "test"), ("mers", "train"), ("mers", "test"))
    covid, sars, mers = check_classes(rows, MANY, "covid", 1)
    assert [check.verdict for check in (covid, sars, mers)] == ["pass", "stop", "stop"]
    assert "none in eval: add" in sars.message


def test_films_that_balancing_left_out_are_no_films_of_a_class() -> None:
    rows = films_of(("covid", "all"), ("sars", "all"), ("mers", "unused"))
    assert "no film at all" in check_classes(rows, MANY, "covid", 1)[2].message
