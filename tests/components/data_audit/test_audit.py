"""The audit as it is written and read."""

from components.data_audit.audit import Audit, Check


def check(verdict: str, **keys: object) -> Check:
    return Check.model_validate({"name": verdict, "verdict": verdict, "value": 1, "message": "said so", **keys})


def test_an_audit_sorts_its_checks() -> None:
    audit = Audit(checks=tuple(check(verdict) for verdict in ("pass", "warn", "stop", "waived")))
    assert [one.name for one in audit.stops] == ["stop"]
    assert [one.name for one in audit.warnings] == ["warn", "waived"]


def test_a_reason_names_the_setting_that_allows_it() -> None:
    assert check("stop", allowed_by="data.max_rejected").reason == "stop: said so; allowed by data.max_rejected"
    assert check("stop").reason == "stop: said so; allowed by a waiver of 'stop' under audit.waivers"


def test_what_is_written_is_read_again() -> None:
    audit = Audit(checks=(check("warn", value=None),))
    assert Audit.model_validate_json(audit.model_dump_json()) == audit
