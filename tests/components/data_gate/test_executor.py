"""DataGate's executor: it passes, or it raises with every reason."""

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


def test_the_audit_of_drawn_films_passes(run_executor: Any, audit: Any) -> None:
    assert run_executor(Executor, {"audit": audit}, {}, {}) == {}


def test_a_warning_or_a_waived_stop_passes(run_executor: Any, tmp_path: Path) -> None:
    run_executor(Executor, {"audit": audit_of(tmp_path, "pass", "warn", "waived")}, {}, {})


def test_every_stop_is_in_the_message(run_executor: Any, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        run_executor(Executor, {"audit": audit_of(tmp_path, "stop", "pass", "warn", "stop")}, {}, {})
    assert str(refused.value).splitlines() == [
        f"check{n}: said stop; allowed by a waiver of 'check{n}' under audit.waivers" for n in (0, 3)
    ]
    assert refused.value.exit_code == 3
