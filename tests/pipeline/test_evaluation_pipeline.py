"""The wiring of an evaluation: a model that is there already, and nothing that trains or pushes."""

from typing import Any

import pytest


@pytest.fixture
def nodes(pipeline_arguments: dict[str, Any]) -> dict[str, set[str]]:
    """Every node with those that it waits for."""
    from pipeline.evaluate import PLANNED
    from pipeline.evaluation_pipeline import create_evaluation_pipeline

    planned = {name: pipeline_arguments[name] for name in PLANNED}
    pipeline = create_evaluation_pipeline(root=pipeline_arguments["root"], model="/model/1", **planned)
    return {node.id: {up.id for up in node.upstream_nodes} for node in pipeline.components}


def test_the_nodes_are_those_behind_the_trainer_of_a_run(nodes: dict[str, set[str]]) -> None:
    assert set(nodes) == {"ManifestGen", "XrayExampleGen", "Model", "Score", "ShortcutAudit"}


def test_the_model_is_asked_about_the_records(nodes: dict[str, set[str]]) -> None:
    assert nodes["Score"] == {"ManifestGen", "XrayExampleGen", "Model"}
    assert nodes["ShortcutAudit"] == {"Score"}
    assert nodes["Model"] == set()
