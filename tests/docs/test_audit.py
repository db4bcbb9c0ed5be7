"""docs/audit.md says what there is."""

import re
from pathlib import Path

import numpy as np
import yaml

from components.data_audit.pixels import SIDE
from components.data_audit.settings import AuditSettings
from components.data_audit.shortcuts import categories, probes
from components.manifest_gen.rows import ManifestRow

TEXT = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")


def test_every_measurement_is_described_and_no_other() -> None:
    values = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    numbers = {"width": 1, "height": 1, "bytes": 1, "age": None, "sex": None}
    rows = [ManifestRow(**(values | numbers))]  # type: ignore[arg-type]
    images = np.zeros((1, SIDE, SIDE), np.uint8)
    names = {f"shortcut_{probe.name}" for probe in probes(rows, images)}
    assert set(re.findall(r"`(shortcut_[a-z_]+)`", TEXT)) == names
    table = re.search(r"\| (`association_.*?) \|", TEXT)
    assert table is not None
    assert set(re.findall(r"_([a-z]+)`", table.group(1))) == set(categories(rows))


def test_the_settings_shown_are_the_defaults_with_a_waiver() -> None:
    block = re.search(r"```yaml\n(.*?)```", TEXT, re.S)
    assert block is not None
    shown = AuditSettings.model_validate(yaml.safe_load(block.group(1))["audit"])
    assert len(shown.waivers) == 1
    assert shown.model_copy(update={"shortcuts": "warn", "waivers": ()}) == AuditSettings()
