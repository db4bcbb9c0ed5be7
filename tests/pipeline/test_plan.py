"""What a node is told is its cache key: each knows its own part of the settings and no more."""

import dataclasses
from pathlib import Path

import pytest

from pipeline.plan import Plan, make_plan
from pipeline.settings import load_settings


def plan(*overrides: str) -> Plan:
    settings = load_settings("sample", None, ["data.root=/films", *overrides])
    return make_plan(settings, digest_of_data="d", key_id="k")


@pytest.mark.parametrize(
    "override, fields",
    [
        ("trainer.epochs=5", {"trainer_settings"}),
        ("threshold.target_recall=0.5", {"threshold_settings"}),
        ("gate.min_recall=0.5", {"gate_settings"}),
        ("data.image_size=192", {"image_size"}),
        ("data.max_rejected=0.3", {"max_rejected"}),
        ("data.seed=9", {"data_settings"}),
        ("split.by=film", {"split_settings", "split_by"}),
        ("beam.runner=FlinkRunner", set()),
        ("serving.model_name=mine", set()),
    ],
)
def test_a_setting_changes_what_its_nodes_are_told(override: str, fields: set[str]) -> None:
    before, after = dataclasses.asdict(plan()), dataclasses.asdict(plan(override))
    assert {name for name in before if before[name] != after[name]} == fields


def test_the_fingerprint_depends_on_the_plan_and_on_where_it_pushes() -> None:
    folder = Path("/serving/cxr")
    assert plan().fingerprint(folder) == plan().fingerprint(folder)
    assert plan().fingerprint(folder) != plan("trainer.epochs=5").fingerprint(folder)
    assert plan().fingerprint(folder) != plan().fingerprint(Path("/serving/mine"))


def test_a_weights_file_counts_by_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"one")
    before = plan(f"trainer.weights={file}")
    file.write_bytes(b"two")
    assert plan(f"trainer.weights={file}").weights_digest != before.weights_digest
    assert plan().weights_digest == ""
