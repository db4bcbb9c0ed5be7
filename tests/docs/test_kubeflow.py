"""docs/kubeflow.md: its commands run, and its tables say what the code says."""

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest
import yaml
from click.testing import CliRunner

from cxr.main import main
from kubeflow.parameters import RUN_PARAMETERS
from pipeline.kubeflow_settings import KubeflowSettings, NodeName
from tests.kubeflow.api_server import ApiServer, serving
from tests.kubeflow.kustomize import build
from tests.kubeflow.test_cache import BEHIND, LOOK
from trainer.errors import RunError

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "kubeflow.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
CXR = ".venv/bin/cxr "


def test_every_command_runs_one_after_the_other(tmp_path: Path, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films").symlink_to(films)
    server = ApiServer()
    with serving(server) as host:
        for command in COMMANDS:
            assert command.startswith(CXR)
            arguments = shlex.split(command.removeprefix(CXR).replace("http://localhost:8080", host))
            done = CliRunner().invoke(main, arguments)
            assert done.exit_code == 0, f"{command}\n{done.output}"
    submitted = [command for command in COMMANDS if f"{CXR}submit" in command]
    assert len(server.runs) == sum("--cron" not in command and "--stop" not in command for command in submitted) > 2
    assert (len(server.versions), server.recurring) == (len(submitted) - 1, {})


def test_what_runs_though_no_film_has_changed_is_told() -> None:
    (row,) = re.findall(r"^\| no film has changed \| (.*) \|$", TEXT, re.M)
    named = {name for name in get_args(NodeName) if re.search(rf"\b{name}\b", row)}
    assert named == {*LOOK, *BEHIND, "Trainer"}


def test_every_folder_that_is_applied_is_there_and_has_what_is_waited_for() -> None:
    folders = dict.fromkeys(re.findall(r"--kustomize (kubeflow/\S+)", TEXT))
    objects = [
        f"{one['kind']}/{one['metadata']['name']}".lower() for folder in folders for one in build(PROJECT / folder)
    ]
    waited = re.findall(
        r"(?:wait .*|status |port-forward )((?:job|pod|deployment|service)/cxr[\w-]*|deployment/\w+)", TEXT
    )
    assert {"job/cxr-volumes", "pod/cxr-films", "deployment/tensorflow", "service/cxr"} == set(waited)
    assert set(waited) <= set(objects)


def test_pages_that_belong_together_name_each_other() -> None:
    pages = ("kubeflow.md", "image.md", "kubeflow-serving.md")
    for page in pages:
        text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
        assert all(f"]({other}" in text for other in pages if other != page), page
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert all(f"](docs/{page})" in readme for page in pages)


def test_an_image_without_weights_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (program,) = re.findall(r'-c "(.*fetch_weights.*)"', (PROJECT / "docs" / "image.md").read_text(encoding="utf-8"))

    def get_file(*_: object, **__: object) -> None:
        raise Exception("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.utils.get_file", get_file)
    with pytest.raises(
        RunError, match=r"the ImageNet weights of inception_resnet_v2 could not be downloaded \(no network\)"
    ):
        exec(program)


def test_the_parameters_are_those_of_a_run() -> None:
    table = TEXT.partition("## Parameters of a run")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.M)) == sorted(RUN_PARAMETERS)


def test_the_defaults_are_those_of_the_settings() -> None:
    rows = dict(re.findall(r"^\| `kubeflow\.(\w+)` \| `([^`]*)` \|", TEXT, re.M))
    plain = {name: one.default for name, one in KubeflowSettings.model_fields.items() if name in rows}
    told = {name: yaml.safe_load(default) for name, default in rows.items() if not name.startswith("gpu_")}
    assert len(told) >= 4
    assert told == {name: plain[name] for name in told}
    assert yaml.safe_load(rows["gpu_node_selector"]) == plain["gpu_node_selector"]
    told = dict(re.findall(r"^\| `kubeflow\.resources\.(gpus|hours)` \| (\d+) \|", TEXT, re.M))
    built_in = KubeflowSettings().resources_of("Trainer")
    assert told == {"gpus": str(built_in.gpus), "hours": f"{built_in.hours:g}"}
    assert f"| {built_in.cpu:g}, {built_in.memory:g} | cores; GB" in TEXT
    serving = KubeflowSettings().serving
    assert f"| `{serving.claim}`, `{serving.mount}` |" in TEXT
