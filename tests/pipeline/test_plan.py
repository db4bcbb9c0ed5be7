"""What a node is told is its cache key: each knows its own part of the settings and no more."""

import dataclasses
import functools
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0.schema_pb2 import Schema

from components.data_audit.baseline import Baseline
from pipeline import digests
from pipeline.plan import Plan, make_plan
from pipeline.settings import load_settings
from schema import SCHEMA_FILE

_digest_once = functools.cache(digests.code_digest)


@pytest.fixture(autouse=True)
def code_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.plan.code_digest", _digest_once)


def plan(*overrides: str) -> Plan:
    settings = load_settings("sample", None, ["data.root=/films", *overrides])
    return make_plan(settings, digest_of_data="d", key_id="k")


@pytest.mark.parametrize(
    "override, fields",
    [
        ("trainer.epochs=5", {"trainer_settings"}),
        ("threshold.target_recall=0.5", {"threshold_settings"}),
        ("audit.shortcuts=warn", {"audit_settings"}),
        ("gate.min_recall=0.5", {"gate_settings"}),
        ("gate.max_masked_auc=0.8", {"gate_settings", "max_masked_auc"}),
        ("score.explained=3", {"score_settings"}),
        ("data.image_size=192", {"image_size"}),
        ("data.max_rejected=0.3", {"max_rejected"}),
        ("data.seed=9", {"data_settings"}),
        ("data.views=[PA]", {"data_settings", "views"}),
        ("audit.min_patients=2", {"audit_settings", "min_patients"}),
        ("split.by=film", {"split_settings", "split_by"}),
        ("data.duplicates=stop", {"data_settings", "duplicates"}),
        ("tuner.epochs=5", set()),
        ("beam.runner=FlinkRunner", set()),
        ("beam.components.Evaluator.runner=FlinkRunner", set()),
        ("serving.model_name=mine", set()),
    ],
)
def test_a_setting_changes_what_its_nodes_are_told(override: str, fields: set[str]) -> None:
    before, after = dataclasses.asdict(plan()), dataclasses.asdict(plan(override))
    assert {name for name in before if before[name] != after[name]} - {"plan_digest"} == fields


@pytest.mark.parametrize(
    "override, is_another",
    [
        ("trainer.epochs=5", True),
        ("threshold.target_recall=0.5", True),
        ("data.seed=9", True),
        ("data.image_size=192", True),
        ("split.by=film", True),
        ("gate.min_recall=0.5", False),
        ("score.explained=3", False),
        ("audit.shortcuts=warn", False),
        ("data.max_rejected=0.3", False),
    ],
)
def test_a_candidate_is_another_where_it_is_made_of_something_else(override: str, is_another: bool) -> None:
    assert (plan().plan_digest != plan(override).plan_digest) is is_another


@pytest.mark.parametrize(
    "override, fields",
    [
        ("tuner.trials=3", {"search_settings"}),
        ("tuner.backbones=[vgg16]", {"search_settings"}),
        ("trainer.epochs=5", {"trainer_settings"}),
        ("trainer.patience=5", {"search_settings", "trainer_settings"}),
        ("trainer.backbone=vgg16", {"search_settings", "trainer_settings"}),
        ("threshold.target_recall=0.5", {"threshold_settings"}),
        ("gate.min_recall=0.5", {"gate_settings"}),
    ],
)
def test_a_search_is_told_what_it_reads_and_no_more(override: str, fields: set[str]) -> None:
    searching = "tuner.trials=2"
    before, after = dataclasses.asdict(plan(searching)), dataclasses.asdict(plan(searching, override))
    assert {name for name in before if before[name] != after[name]} - {"plan_digest"} == fields
    is_another = fields != {"gate_settings"}
    assert (before["plan_digest"] != after["plan_digest"]) is is_another


def test_a_search_and_its_code_make_another_candidate_and_without_one_they_count_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, searching = plan(), plan("tuner.trials=2")
    assert before.search_settings == ""
    assert before.plan_digest != searching.plan_digest
    monkeypatch.setattr(
        "pipeline.plan.code_digest", lambda module: "edited" if "tuning" in module else _digest_once(module)
    )
    assert plan() == before
    assert plan("tuner.trials=2").plan_digest != searching.plan_digest
    assert plan("tuner.trials=2").code["Trainer"] == searching.code["Trainer"]


def test_the_fingerprint_depends_on_the_plan_and_on_where_it_pushes() -> None:
    folder = Path("/serving/cxr")
    assert plan().fingerprint(folder) == plan().fingerprint(folder)
    assert plan().fingerprint(folder) != plan("trainer.epochs=5").fingerprint(folder)
    assert plan().fingerprint(folder) != plan().fingerprint(Path("/serving/mine"))


def test_the_schema_of_a_run_knows_its_classes_and_the_first_of_each_finding() -> None:
    schema = text_format.Parse(plan("data.findings.covid=[COVID-19, Pneumonia|COVID-19]").schema, Schema())
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    assert domains["finding"] == ["COVID-19", "Pneumonia", "No Finding"]
    assert max(feature.int_domain.max for feature in schema.feature) == 1


def test_the_fingerprint_depends_on_the_schema(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder, before = Path("/serving/cxr"), plan()
    fingerprint = before.fingerprint(folder)
    edited = tmp_path / "schema.pbtxt"
    edited.write_text(SCHEMA_FILE.read_text(encoding="utf-8").replace("max: 120.0", "max: 130.0"), encoding="utf-8")
    monkeypatch.setattr("schema.build.SCHEMA_FILE", edited)
    assert before.fingerprint(folder) != fingerprint


def test_the_last_accepted_data_count_by_their_content() -> None:
    def against(digest: str) -> Plan:
        settings = load_settings("sample", None, ["data.root=/films"])
        baseline = Baseline(version="7", classes=("covid", "healthy"), file="/serving/cxr/7/...", digest=digest)
        return make_plan(settings, digest_of_data="d", key_id="k", baseline=baseline)

    assert plan().baseline == ""
    assert against("a").baseline == against("a").baseline != against("b").baseline


def test_a_weights_file_counts_by_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"one")
    before = plan(f"trainer.weights={file}")
    file.write_bytes(b"two")
    assert plan(f"trainer.weights={file}").weights_digest != before.weights_digest
    assert plan().weights_digest == ""
