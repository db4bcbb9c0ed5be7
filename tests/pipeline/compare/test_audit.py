"""What stands on top of a comparison."""

from components.data_audit.audit import Audit, Check, Measurement
from pipeline.compare.audit import warnings_of
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
    assert "several 5 folds" in warnings_of(Audit(checks=()), draw_result("cnn").networks, "film", 5)[0]
