"""Whether a run may end before it begins."""

from pathlib import Path

import pytest

from pipeline.last_run import FILE, forget, recall, remember
from pipeline.result import ComponentRun, RunResult


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    (tmp_path / "serving" / "cxr" / "7" / "variables").mkdir(parents=True)
    for name in ("saved_model.pb", "model.json"):
        (tmp_path / "serving" / "cxr" / "7" / name).touch()
    return tmp_path / "serving" / "cxr"


@pytest.fixture
def pushed(model_folder: Path) -> RunResult:
    components = {"Trainer": ComponentRun(state="ran", seconds=3)}
    return RunResult(status="pushed", version=7, model_dir=str(model_folder / "7"), components=components)


def test_the_same_run_is_unchanged_and_all_cached(tmp_path: Path, model_folder: Path, pushed: RunResult) -> None:
    remember(tmp_path, "f", pushed)
    known = recall(tmp_path, "f", model_folder)
    assert known is not None
    assert (known.status, known.version, known.components["Trainer"].state) == ("unchanged", 7, "cached")


def test_another_fingerprint_must_run(tmp_path: Path, model_folder: Path, pushed: RunResult) -> None:
    remember(tmp_path, "f", pushed)
    assert recall(tmp_path, "g", model_folder) is None


def test_a_served_version_that_is_gone_or_overtaken_must_run(
    tmp_path: Path, model_folder: Path, pushed: RunResult
) -> None:
    remember(tmp_path, "f", pushed)
    (model_folder / "8").mkdir()
    assert recall(tmp_path, "f", model_folder) is None
    (model_folder / "8").rmdir()
    (model_folder / "7" / "saved_model.pb").unlink()
    assert recall(tmp_path, "f", model_folder) is None


@pytest.mark.parametrize("status", ["not_blessed", "refused_data"])
def test_a_refusal_stays_a_refusal(tmp_path: Path, model_folder: Path, status: str) -> None:
    remember(tmp_path, "f", RunResult(status=status, reasons=("because",)))  # type: ignore[arg-type]
    known = recall(tmp_path, "f", model_folder)
    assert known is not None
    assert (known.status, known.reasons) == (status, ("because",))


@pytest.mark.parametrize(
    "content", ["", "[]", "null", "{}", '{"fingerprint": "f"}', '{"fingerprint": "f", "result": {}}']
)
def test_a_file_of_another_version_must_run(tmp_path: Path, model_folder: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert recall(tmp_path, "f", model_folder) is None


def test_what_has_been_forgotten_is_not_recalled(tmp_path: Path) -> None:
    forget(tmp_path)
    remember(tmp_path, "f", RunResult(status="not_blessed"))
    assert recall(tmp_path, "f", tmp_path / "serving") is not None
    forget(tmp_path)
    assert recall(tmp_path, "f", tmp_path / "serving") is None
