"""What a run leaves for a reader whose data DataGate refuses: a report, written before it. The two run for real."""

import contextlib
import functools
import io
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.data_audit.audit import Audit, Check
from components.files import AUDIT_FILE
from components.manifest_gen.manifest import Manifest, write_manifest, write_rejected
from components.manifest_gen.rows import ManifestRow, Rejection
from kubeflow import entrypoint
from tests.kubeflow.backend import Backend, Task
from tests.kubeflow.launcher import Ended, Store, launch
from trainer.features import TEST, TRAIN

STOP = Check(name="rejected", verdict="stop", value=0.2, bound=0.1, message="1 of 5 rows were rejected")
WARN = Check(name="patients", verdict="warn", value=None, message="one source does not name patients")


def _row(number: int, label: str, split: str) -> ManifestRow:
    numbers = dict.fromkeys(ManifestRow.__dataclass_fields__, 1)
    texts = dict.fromkeys(("finding", "view", "source", "format", "mode", "group"), "x")
    film = {"path": f"/films/{number}.png", "file": f"{number}.png", "sha256": f"{number:064}", "label": label}
    patient = {"patient_id": f"pseudonym-{number}", "age": None, "sex": None, "image_id": f"{number:016}"}
    return ManifestRow(**{**numbers, **texts, **film, **patient, "split": split})  # type: ignore[arg-type]


MANIFEST = Manifest(
    rows=tuple(_row(n, label, split) for n, (label, split) in enumerate(
        [("covid", TRAIN), ("covid", TEST), ("healthy", TRAIN), ("healthy", TEST)]
    )),
    rejected=(Rejection("drawn", 7, "7.png", "no_file", "no such file"),),
)  # fmt: skip


def _run(compiled_file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, *checks: Check) -> tuple[Backend, Any]:
    """Runs the compiled pipeline on five rows; components but the two are stood in for."""
    monkeypatch.setattr(entrypoint, "prepare_process", lambda: None)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)

    def write_audit(folder: Path) -> None:
        (folder / AUDIT_FILE).write_text(Audit(checks=checks).model_dump_json(), encoding="utf-8")

    made: dict[str, dict[str, Callable[[Path], None]]] = {
        "ManifestGen": {"manifest": functools.partial(write_manifest, MANIFEST)},
        "XrayExampleGen": {"rejected": functools.partial(write_rejected, [])},
        "DataAudit": {"audit": write_audit},
    }

    def here(command: Sequence[str], _: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        log = io.StringIO()
        with monkeypatch.context() as patch, contextlib.redirect_stderr(log):
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setenv("CUDA_VISIBLE_DEVICES", "-1")
            return entrypoint.main(command[3:]), log.getvalue()

    def container(
        container: Any, executor_input: Any, pod: Path, store: Store, environment: Mapping[str, str]
    ) -> Ended:
        node = container["args"][container["args"].index("--node") + 1]
        if node in ("DataDigest", "DataReport", "DataGate"):
            return launch(container, executor_input, pod, store, environment, start=here)
        outputs = {key: listed["artifacts"][0] for key, listed in executor_input["outputs"]["artifacts"].items()}
        for key, write in made.get(node, {}).items():
            place = store.place(outputs[key]["uri"])
            place.mkdir(parents=True)
            write(place)
        return Ended(0, "", {"artifacts": {key: {"artifacts": [one]} for key, one in outputs.items()}})

    backend = Backend(
        folder, {"cxr-patient-key": {"key": "k"}}, ("cxr-films", "cxr-serving"), version=(2, 17), launch=container
    )
    return backend, backend.run(compiled_file, {"data_digest": "films of May"}, at_once=1)


def _report_of(backend: Backend, tasks: Mapping[str, Task]) -> str:
    assert tasks["DataReport"].state == "succeeded", tasks["DataReport"].log
    folder = backend.store.place(tasks["DataReport"].outputs["report"].uri)
    assert (folder / "model_card.md").is_file()
    return (folder / "report.html").read_text(encoding="utf-8")


def test_data_that_are_refused_have_a_report_with_the_reasons_and_nothing_is_trained(
    compiled_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, tasks = _run(compiled_file, tmp_path, monkeypatch, STOP, WARN)
    assert tasks["DataGate"].state == "failed"
    assert tasks["DataGate"].log.splitlines()[-1] == f"cxr: DataGate: {STOP.reason}"
    assert {name for name, task in tasks.items() if task.state == "skipped"} == {
        "Trainer", "Evaluator", "Score", "ShortcutAudit", "ReleaseGate", "Pusher", "Report",
    }  # fmt: skip
    report = _report_of(backend, tasks)
    for said in ("Data refused", STOP.message, WARN.message, "films of May", "a row without a file"):
        assert said in report, said
    assert not [secret for secret in ("/films/1.png", "7.png", "pseudonym-1") if secret in report]


def test_data_that_are_accepted_have_a_report_that_says_where_the_other_is(
    compiled_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, tasks = _run(compiled_file, tmp_path, monkeypatch, WARN)
    assert {task.state for task in tasks.values()} == {"succeeded"}
    report = _report_of(backend, tasks)
    assert "Data accepted" in report
    assert "Data refused" not in report


def test_a_report_of_the_data_that_cannot_be_written_stops_nothing(
    compiled_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def collect(*_: object, **__: object) -> None:
        raise ValueError("no such template")

    monkeypatch.setattr("kubeflow.report_executor.collect", collect)
    _, tasks = _run(compiled_file, tmp_path, monkeypatch, WARN)
    assert {task.state for task in tasks.values()} == {"succeeded"}
    assert "the report of the data could not be written (no such template)" in caplog.text


def test_the_report_of_the_data_is_written_before_anything_can_refuse_them(spec: dict[str, Any]) -> None:
    tasks = spec["root"]["dag"]["tasks"]
    assert "DataReport" in tasks["DataGate"]["dependentTasks"]  # after a failure Argo starts no further task
    assert not {"DataGate", "Trainer"} & set(tasks["DataReport"].get("dependentTasks", ()))
