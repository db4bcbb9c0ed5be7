"""``cxr compile``: what it writes, and how it refuses."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cxr.main import main


def compile_(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, ["compile", *arguments])
    return done.exit_code, done.output.splitlines()


def test_it_writes_both_documents_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, lines = compile_("--set", "data.root=/films", "--image", "registry.example/cxr:0.1.0")
    assert (code, lines[-1]) == (0, "pipeline.yaml")
    spec, platform = yaml.safe_load_all((tmp_path / "pipeline.yaml").read_text())
    assert spec["schemaVersion"] == "2.1.0"
    assert set(platform) == {"platforms"}


def test_what_a_backend_would_refuse_is_wrong_use_with_the_name_of_the_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, lines = compile_("--set", "data.root=/films", "--image", "registry.example/cxr")
    assert code == 2
    assert lines[-1].startswith("cxr: rule image: the image is 'registry.example/cxr', without a tag")
    assert not list(tmp_path.iterdir())


def test_a_wrong_setting_of_the_cluster_is_told_as_others_are() -> None:
    code, lines = compile_("--set", "kubeflow.imag=x", "--set", "kubeflow.shared_memory=-1")
    assert code == 2
    assert sorted(lines) == [
        "cxr: kubeflow.imag is not a setting; did you mean kubeflow.image?",
        "cxr: kubeflow.shared_memory is -1: input should be greater than or equal to 0",
    ]
