"""The README's commands: each exists, and each runs."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from cxr.main import main
from pipeline.settings import load_settings, profile_names

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", README, re.S) for line in block.splitlines()]
CXR = ".venv/bin/cxr "


def test_the_readme_shows_commands() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]
    assert all(command.startswith(("make ", CXR)) for command in COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_every_target_exists(command: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{command.split()[1]}:", makefile, re.M)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith(CXR)])
def test_every_cxr_command_has_the_options_that_it_is_shown_with(command: str) -> None:
    verb, *arguments = shlex.split(command.removeprefix(CXR))
    found = main.get_command(click.Context(main), verb)  # type: ignore[attr-defined]
    assert found is not None
    found.make_context(verb, arguments)


def test_every_key_of_the_settings_table_exists() -> None:
    keys = re.findall(r"`([a-z_]+\.[a-z_]+)`", README.partition("## Settings")[2].partition("## What a run")[0])
    settings = load_settings("sample", None, ["data.root=/films"])
    assert len(keys) > 15
    for key in keys:
        group, name = key.split(".")
        assert name in type(getattr(settings, group)).model_fields, key


def test_every_profile_is_named() -> None:
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in changes for name in profile_names())


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_every_cxr_command_of_the_readme_runs(tmp_path: Path) -> None:
    """In the README's order, on a small network and few films; ``make demo`` is what CI runs."""
    small = (
        "--set sample.patients=10 --set data.image_size=64 --set trainer.backbone=cnn --set trainer.feature_views=0 "
        "--set trainer.epochs=1 --set gate.min_recall=0 --set gate.min_specificity=0 "
        "--set gate.max_calibration_error=1 --set score.explained=4 --set score.occluded=1"
    )
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "cxr").symlink_to(Path(sys.executable).with_name("cxr"))
    (tmp_path / "mine.yaml").write_text(re.search(r"```yaml\n(.*?)```", README, re.S).group(1))  # type: ignore[union-attr]

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run(f"{CXR} run {small}")
    _lay_out_as_published(tmp_path / "runs" / "sample" / "films", tmp_path / "FOLDER")
    for command in COMMANDS:
        if command.startswith(f"{CXR}run"):
            assert "Pushed version" in run(f"{command} {small}")
        elif command.startswith(CXR):
            run(command)


def _lay_out_as_published(films: Path, folder: Path) -> None:
    shutil.copytree(films / "ieee-layout", folder / "covid-chestxray-dataset")
    shutil.copytree(films / "class-folders" / "normal", folder / "normal" / "No_findings")
    header, *rows = (films / "class-folders" / "Data_Entry.csv").read_text().splitlines()
    names = set(os.listdir(folder / "normal" / "No_findings"))
    kept = [row for row in rows if row.split(",")[0] in names]
    (folder / "normal" / "Data_Entry_2017_subset.csv").write_text("\n".join([header, *kept]))


def test_the_settings_file_of_the_readme_is_valid() -> None:
    text = re.search(r"```yaml\n(.*?)```", README, re.S).group(1)  # type: ignore[union-attr]
    assert yaml.safe_load(text)["data"]["views"] == ["PA"]
