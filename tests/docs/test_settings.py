"""Every setting is described somewhere, and docs/training.md says of it what the code says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from pipeline.settings import RunSettings, load_settings
from trainer.optimizers import OPTIMIZERS
from trainer.schedules import SCHEDULES
from trainer.setting_faults import groups_in, known_keys

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "training.md").read_text(encoding="utf-8")
ALL_TEXT = "\n".join(
    file.read_text(encoding="utf-8") for file in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
)
GROUPS = {key.rpartition(".")[0] for key in known_keys(RunSettings)}
KEYS = [key for key in known_keys(RunSettings) if key not in GROUPS - {"trainer.fine_tune"}]
DEFAULTS = re.findall(r"^\| `(\w+(?:\.\w+)+)` \| `(.*?)` \|", TEXT, re.M)
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)


def _default(key: str) -> Any:
    model: type[BaseModel] = RunSettings
    *groups, name = key.split(".")
    for group in groups:
        (model,) = groups_in(model.model_fields[group].annotation)
    return model.model_fields[name].get_default(call_default_factory=True)


def test_every_setting_is_described() -> None:
    assert len(KEYS) > 60
    assert [key for key in KEYS if f"`{key}`" not in ALL_TEXT] == []


def test_every_setting_of_training_has_a_row() -> None:
    groups = ("trainer.", "tuner.", "threshold.", "split.", "sample.")
    described = [key for key, _ in DEFAULTS if key.startswith(groups)]
    assert sorted(described) == sorted(key for key in KEYS if key.startswith(groups))


@pytest.mark.parametrize("key, default", DEFAULTS)
def test_the_default_of_a_setting_is_that_of_the_code(key: str, default: str) -> None:
    value = _default(key)
    assert yaml.safe_load(default) == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize("heading, names", [("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)])
def test_every_optimizer_and_schedule_is_described_and_no_other(heading: str, names: dict[str, Any]) -> None:
    (rows,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.M)
    assert sorted(re.findall(r"^\| `(\w+)`", rows, re.M)) == sorted(names)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_valid(example: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(example)
    settings = load_settings("sample", tmp_path / "mine.yaml", [])
    for group, values in yaml.safe_load(example).items():
        for name, value in values.items():
            given = getattr(getattr(settings, group), name)
            if isinstance(value, dict):
                assert {key: getattr(given, key) for key in value} == value
            else:
                assert (list(given) if isinstance(given, tuple) else given) == value
