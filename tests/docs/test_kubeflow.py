"""docs/kubeflow.md: its commands run, and its tables say what the code says."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cxr.main import main
from kubeflow.parameters import RUN_PARAMETERS
from pipeline.kubeflow_settings import KubeflowSettings

TEXT = (Path(__file__).parents[2] / "docs" / "kubeflow.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
CXR = ".venv/bin/cxr "


def test_every_command_runs_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) > 2
    for command in COMMANDS:
        assert command.startswith(CXR)
        done = CliRunner().invoke(main, shlex.split(command.removeprefix(CXR)))
        assert done.exit_code == 0, f"{command}\n{done.output}"
    spec, _ = yaml.safe_load_all((tmp_path / "pipeline.yaml").read_text())
    assert spec["schemaVersion"] == "2.1.0"


def test_the_parameters_are_those_of_a_run() -> None:
    table = TEXT.partition("## Parameters of a run")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.M)) == sorted(RUN_PARAMETERS)


def test_the_defaults_are_those_of_the_settings() -> None:
    rows = dict(re.findall(r"^\| `kubeflow\.(\w+)` \| `([^`]*)` \|", TEXT, re.M))
    assert len(rows) >= 4
    for name, default in rows.items():
        value = KubeflowSettings.model_fields[name].default
        assert default == (str(value).lower() if isinstance(value, bool) else value), name
    told = dict(re.findall(r"^\| `kubeflow\.resources\.(gpus|hours)` \| (\d+) \|", TEXT, re.M))
    built_in = KubeflowSettings().resources_of("Trainer")
    assert told == {"gpus": str(built_in.gpus), "hours": f"{built_in.hours:g}"}
    assert f"| {built_in.cpu:g}, {built_in.memory:g} | cores; GB" in TEXT
    serving = KubeflowSettings().serving
    assert f"| `{serving.claim}`, `{serving.mount}` |" in TEXT
