"""DataGate's executor: it passes, or it raises with every reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.artifacts import DataAuditReport
from components.data_audit.audit import Audit, Check
from components.data_gate.executor import Executor
from components.files import AUDIT_FILE
from trainer.errors import RefusedError


def audit_of(folder: Path, *verdicts: str) -> DataAuditReport:
    checks = [Check(name=f"check{n}", verdict=v, value=1, message=f"said {v}") for n, v in enumerate(verdicts)]  # type: ignore[arg-type]
    folder.joinpath(AUDIT_FILE).write_text(Audit(checks=tuple(checks)).model_dump_json(), encoding="utf-8")
    artifact = DataAuditReport()
    artifact.uri = str(folder)
    return artifact


@pytest.fixture
def gate(run_executor: Any, manifest: Any, ingested: Any) -> Callable[..., None]:
    def run(audit: Any, min_recall: float = 0.0) -> None:
        bounds = json.dumps({"min_recall": min_recall, "min_specificity": 0})
        inputs = {"audit": audit, "manifest": manifest, "rejected": ingested.rejected}
        assert run_executor(Executor, inputs, {}, {"gate_settings": bounds, "positive": "covid"}) == {}

    return run


def test_the_audit_of_drawn_films_passes(gate: Any, audit: Any, caplog: pytest.LogCaptureFixture) -> None:
    gate(audit)
    assert not [record for record in caplog.records if record.name == "cxr"]


def test_a_bound_that_no_result_can_reach_is_told_and_does_not_stop(
    gate: Any, audit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gate(audit, min_recall=0.999)
    (record,) = (record for record in caplog.records if record.name == "cxr")
    assert "gate.min_recall 0.999 is out of reach" in record.getMessage()


def test_a_warning_or_a_waived_stop_passes(gate: Any, tmp_path: Path) -> None:
    gate(audit_of(tmp_path, "pass", "warn", "waived"))


def test_every_stop_is_in_the_message(gate: Any, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        gate(audit_of(tmp_path, "stop", "pass", "warn", "stop"))
    assert str(refused.value).splitlines() == [
        f"check{n}: said stop; allowed by a waiver of 'check{n}' under audit.waivers" for n in (0, 3)
    ]
    assert refused.value.exit_code == 3
