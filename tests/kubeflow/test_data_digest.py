"""DataDigest, as its pod runs it: films are named where they are, in every run."""

import json
from pathlib import Path
from typing import Any

import pytest

from kubeflow import entrypoint
from kubeflow.artifacts import BOX_VARIABLE
from pipeline.digests import data_digest
from pipeline.settings import load_settings
from tests.kubeflow.driver import Driver


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a pod."""
    monkeypatch.setenv(BOX_VARIABLE, str(tmp_path))
    monkeypatch.setattr(entrypoint, "prepare_process", lambda: None)
    monkeypatch.setattr(entrypoint.logging, "basicConfig", lambda **_: None)
    return tmp_path


def run(spec: dict[str, Any], pod: Path, **parameters: str) -> tuple[int, str]:
    """The exit code, and what it named the films, empty for nothing."""
    executor_input = Driver(spec, (2, 17), "run-1", parameters).executor_input("DataDigest", {}, {})
    args = spec["deploymentSpec"]["executors"]["DataDigest_executor"]["container"]["args"]
    code = entrypoint.main([arg.replace("{{$}}", json.dumps(executor_input)) for arg in args])
    file = pod / executor_input["outputs"]["parameters"]["data_digest"]["outputFile"].lstrip("/")
    return code, file.read_text(encoding="utf-8") if file.exists() else ""


def test_films_are_named_as_on_one_machine(spec: dict[str, Any], pod: Path, films: Path) -> None:
    data = load_settings("sample", None, [f"data.root={films}"]).data
    assert run(spec, pod, data_settings=data.model_dump_json()) == (0, data_digest(data, pod / "memo.json"))


def test_a_name_that_was_given_is_handed_on_without_a_look(spec: dict[str, Any], pod: Path) -> None:
    assert run(spec, pod, data_digest="films of May") == (0, "films of May")


def test_films_that_are_not_mounted_are_told(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(spec, pod, data_digest="auto") == (2, "")
    assert capfd.readouterr().err.splitlines()[-1] == (
        "cxr: DataDigest: data_settings.root is /films, which is no folder in this pod; mount the films there"
    )


def test_a_faulty_parameter_is_told(spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(spec, pod, data_digest=" ") == (2, "")
    assert capfd.readouterr().err.splitlines()[-1].startswith("cxr: DataDigest: run parameter data_digest is empty")


def test_an_output_that_cannot_be_written_is_told(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (pod / "tmp").write_text("in the way")
    executor_input = Driver(spec, (2, 17), "run-1", {"data_digest": "films"}).executor_input("DataDigest", {}, {})
    assert entrypoint.main(["--node", "DataDigest", "--json_serialized_invocation_args", json.dumps(executor_input)])
    line = capfd.readouterr().err.splitlines()[-1]
    assert line == f"cxr: DataDigest: {pod}/tmp/kfp/outputs/data_digest cannot be written: Not a directory"
