"""The wiring: what runs behind what."""

import json
from typing import Any

import pytest


@pytest.fixture
def upstream(pipeline_arguments: dict[str, Any]) -> dict[str, set[str]]:
    """Every node with all nodes that must have ended before it starts."""
    from pipeline.definition import create_pipeline

    direct = {
        node.id: {up.id for up in node.upstream_nodes} for node in create_pipeline(**pipeline_arguments).components
    }

    def behind(node: str) -> set[str]:
        return direct[node] | {far for near in direct[node] for far in behind(near)}

    return {node: behind(node) for node in direct}


def test_the_nodes_are_those_of_the_design(upstream: dict[str, set[str]]) -> None:
    assert set(upstream) == {
        "ManifestGen", "ImportSchemaGen", "XrayExampleGen", "StatisticsGen", "ExampleValidator", "DataAudit",
        "DataGate", "Trainer", "Evaluator", "Score", "ShortcutAudit", "ReleaseGate", "Pusher",
    }  # fmt: skip


@pytest.mark.parametrize("node", ["Trainer", "Evaluator", "Score", "ShortcutAudit", "ReleaseGate", "Pusher"])
def test_nothing_behind_the_data_gate_runs_before_it(upstream: dict[str, set[str]], node: str) -> None:
    assert "DataGate" in upstream[node]


def test_the_audit_has_seen_everything_that_the_gate_judges(upstream: dict[str, set[str]]) -> None:
    assert {"ManifestGen", "XrayExampleGen", "ExampleValidator"} <= upstream["DataAudit"]


@pytest.mark.parametrize("pipeline_arguments", [("tuner.trials=2",)], indirect=True)
def test_a_search_runs_between_the_data_gate_and_the_trainer_and_never_sees_the_test_split(
    pipeline_arguments: dict[str, Any], upstream: dict[str, set[str]]
) -> None:
    from pipeline.definition import create_pipeline

    assert "DataGate" in upstream["Tuner"]
    assert "Tuner" in upstream["Trainer"]
    nodes = {node.id: node for node in create_pipeline(**pipeline_arguments).components}
    for node in (nodes["Tuner"], nodes["Trainer"]):
        seen = [json.loads(node.exec_properties[key])["splits"] for key in ("train_args", "eval_args")]
        assert seen == [["train"], ["eval"]]
    told = json.loads(nodes["Tuner"].exec_properties["custom_config"])
    assert set(told) == {
        "search", "data", "data_digest", "weights_digest", "checkpoint_dir", "code_digest",
    }  # fmt: skip
    assert nodes["Trainer"].inputs["hyperparameters"] is nodes["Tuner"].outputs["best_hyperparameters"]


def test_nothing_is_pushed_before_it_is_judged(upstream: dict[str, set[str]]) -> None:
    assert {"ReleaseGate", "Evaluator", "Score", "ShortcutAudit"} <= upstream["Pusher"]
