"""The wiring of a comparison: a node for each network and fold, and nothing that exports or pushes."""

from pathlib import Path
from typing import Any

import pytest

from components.network_trial.roles import Roles
from pipeline.compare.nodes import node_of
from pipeline.compare.run import PLANNED


@pytest.fixture
def nodes_of(pipeline_arguments: dict[str, Any], tmp_path: Path) -> Any:
    """Makes a pipeline; gives its nodes by id."""
    from pipeline.compare.definition import create_comparison_pipeline

    def make(folds: int) -> dict[str, Any]:
        pipeline = create_comparison_pipeline(
            root=str(tmp_path),
            **{name: pipeline_arguments[name] for name in PLANNED},
            split_settings="{}",
            networks={"cnn": '{"backbone": "cnn"}', "vgg16": '{"backbone": "vgg16"}'},
            folds=folds,
            weights_digests={"cnn": "", "vgg16": "w"},
            code={**pipeline_arguments["code"], "NetworkTrial": "t"},
            checkpoint_dir="/checkpoints",
        )
        return {node.id: node for node in pipeline.components}

    return make


def test_networks_are_trained_one_after_the_other_on_the_same_records(nodes_of: Any) -> None:
    nodes = nodes_of(0)
    assert list(nodes) == ["ManifestGen", "XrayExampleGen", "NetworkTrial.cnn", "NetworkTrial.vgg16"]
    waits = {name: {up.id for up in node.upstream_nodes} for name, node in nodes.items()}
    assert waits["NetworkTrial.cnn"] == {"XrayExampleGen"}
    assert waits["NetworkTrial.vgg16"] == {"XrayExampleGen", "NetworkTrial.cnn"}


def test_a_network_is_told_its_own_settings_and_no_others(nodes_of: Any) -> None:
    """What a node is told is its cache key: another setting of one network must not touch the others."""
    nodes = nodes_of(0)
    told = nodes["NetworkTrial.vgg16"].exec_properties
    assert (told["trainer_settings"], told["weights_digest"]) == ('{"backbone": "vgg16"}', "w")
    assert "vgg16" not in str(nodes["NetworkTrial.cnn"].exec_properties)


def test_every_fold_has_every_network_and_its_own_test_films(nodes_of: Any) -> None:
    nodes = nodes_of(3)
    trials = [node_of(name, fold) for fold in (1, 2, 3) for name in ("cnn", "vgg16")]
    assert list(nodes)[2:] == trials
    tested = [Roles.model_validate_json(nodes[name].exec_properties["splits"]).test for name in trials]
    assert tested == ["fold1", "fold1", "fold2", "fold2", "fold3", "fold3"]
