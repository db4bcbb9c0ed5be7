"""Waivers turn a finding into a known thing, and never into silence."""

import datetime

import pytest

from components.data_audit.audit import Audit, Check
from components.data_audit.settings import Waiver
from components.data_audit.waivers import apply_waivers


def check(name: str, verdict: str, **keys: object) -> Check:
    return Check.model_validate({"name": name, "verdict": verdict, "value": 1, "message": "said so", **keys})


def waiver(name: str) -> Waiver:
    return Waiver(check=name, reason="the source is the question", by="data steward", date=datetime.date(2024, 5, 17))


@pytest.mark.parametrize("verdict", ["stop", "warn"])
def test_a_waived_check_does_not_stop_and_travels_with_its_waiver(verdict: str) -> None:
    checks = apply_waivers([check("shortcut_age", verdict), check("other", "pass")], [waiver("shortcut_age")])
    audit = Audit(checks=tuple(checks))
    assert audit.stops == ()
    (told,) = audit.warnings
    assert (told.verdict, told.waiver) == ("waived", waiver("shortcut_age"))
    assert told.message == "waived by data steward on 2024-05-17 (the source is the question): said so"
    assert Audit.model_validate_json(audit.model_dump_json()) == audit


@pytest.mark.parametrize(
    "name, message",
    [
        ("shortcut_agee", "the waiver of 'shortcut_agee' is for no check of this audit; did you mean 'shortcut_age'?"),
        ("zzz", "is for no check of this audit; there are shortcut_age, films_of_covid, other"),
        ("other", "is not needed: the check passes; remove it from audit.waivers"),
        ("films_of_covid", "is not heard; this check is allowed by nothing"),
    ],
)
def test_a_waiver_that_does_nothing_is_told(name: str, message: str) -> None:
    checks = [
        check("shortcut_age", "stop"),
        check("films_of_covid", "stop", waivable=False, allowed_by="nothing"),
        check("other", "pass"),
    ]
    *same, told = apply_waivers(checks, [waiver(name)])
    assert same == checks
    assert (told.name, told.verdict) == ("waivers", "warn")
    assert message in told.message
