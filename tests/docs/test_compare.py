"""docs/compare.md says what there is."""

import re
import shlex
from pathlib import Path

import click
import pytest

from cxr.compare import command
from pipeline.compare.networks import KNOWN, names_in, networks_of
from pipeline.settings import load_settings
from trainer.backbones import BACKBONES

TEXT = (Path(__file__).parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", TEXT, re.S) for line in block.splitlines()]


def test_every_network_and_the_smallest_image_of_each_is_named() -> None:
    assert [name for name in KNOWN if f"`{name}`" not in TEXT] == []
    named = re.findall(r"`(\w+)` (?:needs )?(\d+)\b", TEXT.partition("film is read:")[2].partition("\n\n")[0])
    assert {name: int(side) for name, side in named} == {
        name: backbone.minimum_side for name, backbone in BACKBONES.items() if name != "cnn"
    }


@pytest.mark.parametrize("shown", COMMANDS)
def test_every_command_has_valid_options_and_settings(shown: str) -> None:
    prefix = ".venv/bin/cxr compare"
    assert shown.startswith(prefix)
    options = command.make_context("compare", shlex.split(shown.removeprefix(prefix))).params
    settings = load_settings(options["profile"] or "sample", options["config"], options["overrides"])
    names = names_in(options["models"])
    assert set(networks_of(settings, names)) == set(names)


def test_the_settings_shown_are_valid(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    (tmp_path / "mine.yaml").write_text(text)
    networks = networks_of(load_settings("sample", tmp_path / "mine.yaml", []), ("cnn", "vgg16", "densenet121"))
    assert (networks["cnn"].epochs, networks["cnn"].learning_rate, networks["densenet121"].epochs) == (12, 0.0005, 50)
    assert networks["vgg16"].weights == "/models/vgg16.h5"


def test_folds_have_the_range_that_is_told() -> None:
    (folds,) = (option for option in command.params if option.name == "folds")
    assert isinstance(folds.type, click.IntRange)
    assert f"`--folds k` ({folds.type.min} to {folds.type.max})" in TEXT
