"""Bounds and waivers as they are set."""

import datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from components.data_audit.settings import AuditSettings, Waiver
from pipeline.settings import load_settings
from trainer.errors import UsageError

WAIVER = {"check": "shortcut_age", "reason": "children only", "by": "data steward", "date": "2024-05-17"}


def test_a_waiver_is_read_from_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "audit:\n  shortcuts: stop\n  waivers:\n"
        "    - {check: shortcut_age, reason: children only, by: data steward, date: 2024-05-17}\n"
    )
    audit = load_settings("sample", file, []).audit
    assert audit.waivers == (Waiver.model_validate(WAIVER),)
    assert AuditSettings.model_validate_json(audit.model_dump_json()) == audit


@pytest.mark.parametrize("missing", WAIVER)
def test_a_waiver_names_check_reason_person_and_day(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        Waiver.model_validate({key: value for key, value in WAIVER.items() if key != missing})


def test_a_waiver_of_tomorrows_tomorrow_is_refused() -> None:
    day = datetime.date.today() + datetime.timedelta(days=2)
    with pytest.raises(ValidationError, match="lies in the future"):
        Waiver.model_validate({**WAIVER, "date": day})
    Waiver.model_validate({**WAIVER, "date": datetime.date.today()})


def test_two_waivers_of_one_check_are_refused() -> None:
    with pytest.raises(ValidationError, match="waivers holds two for shortcut_age"):
        AuditSettings.model_validate({"waivers": [WAIVER, WAIVER]})


def test_a_misspelled_key_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"audit\.max_auk is not a setting; did you mean audit\.max_auc\?"):
        load_settings("sample", None, ["audit.max_auk=0.8"])
