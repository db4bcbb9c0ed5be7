"""What stands on top of a comparison."""

from typing import Any

from components.data_audit.audit import Audit, Check, Measurement
from components.manifest_gen.rows import ManifestRow
from pipeline.compare.audit import _check_folds, warnings_of
from tests.drawn_networks import draw_result


def telling(of: str, value: float, verdict: str = "warn") -> Check:
    found = Measurement(
        of=of, measure="AUC", by="SVM", value=value, low=value - 0.05, high=1, chance=0.6, permutations=20, films=90,
        patients=80,
    )  # fmt: skip
    return Check.model_validate(
        {"name": of, "verdict": verdict, "value": value, "message": f"told by {of}", "measurement": found}
    )


def test_what_tells_most_stands_first_and_what_passes_is_not_told() -> None:
    checks = (telling("rim", 0.9), telling("file attributes", 0.99), telling("view", 0.5, "pass"))
    first, second = warnings_of(Audit(checks=checks), draw_result("vgg16", "cnn").networks, "patient", 0)
    assert first.startswith("the figures below may say nothing about lungs: told by file attributes; 1 more ")
    assert second == "vgg16, cnn: The weights are random."


def test_a_split_by_film_is_told_as_a_leak_once() -> None:
    overlap = Check(name="patient_overlap", verdict="warn", value=9, message="9 patients in two splits")
    few = Check(name="films_of_covid", verdict="warn", value=2, message="few films")
    told = warnings_of(Audit(checks=(overlap, few)), draw_result("cnn").networks, "film", 0)
    assert told[0].startswith("split.by is film: films of one patient stand in several splits")
    assert told[-1] == "few films"
    assert not any("9 patients" in one for one in told)
    assert "several of the 5 folds" in warnings_of(Audit(checks=()), draw_result("cnn").networks, "film", 5)[0]


def test_folds_in_which_a_class_is_small_or_missing_are_told() -> None:
    values: dict[str, Any] = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    rows = [
        ManifestRow(**values | {"row": number, "label": label, "split": f"fold{fold}", "patient_id": f"p{number}"})
        for number, (label, fold) in enumerate(
            [("covid", 1), ("covid", 2), *(("healthy", fold) for fold in (1, 1, 2, 2, 3, 3))]
        )
    ]
    folds = ("fold1", "fold2", "fold3")
    covid, healthy, sars = _check_folds(rows, ("covid", "healthy", "sars"), folds, 2)
    assert (covid.verdict, healthy.verdict, sars.verdict) == ("warn", "pass", "warn")
    assert covid.message == (
        "covid: fold1 1 (1), fold2 1 (1), fold3 0 (0) films (patients); none in fold3, where nothing is measured of "
        "it; take fewer folds or more films"
    )
    assert sars.message == "sars: no film at all, so no network can learn it and nothing is measured of it"
    (few,) = _check_folds(rows, ("healthy",), folds, 3)
    assert "fewer than audit.min_patients (3) patients in fold1 and fold2 and fold3" in few.message
