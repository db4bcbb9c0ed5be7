"""From the nodes of a run to its result, where something went wrong."""

from pathlib import Path

import pytest

from pipeline.lineage import NodeRun
from pipeline.outcome import outcome_of_failure
from trainer.errors import RefusedError, RunError, SourceError

NODES = {
    "ImportSchemaGen": NodeRun("ImportSchemaGen", "ran", 1.0, {}),
    "Trainer": NodeRun("Trainer", "failed", 0.0, {}),
}
BEAM = " [while running 'Run[Trainer]']"


def test_an_expected_failure_is_told_as_it_was_raised(tmp_path: Path) -> None:
    result = outcome_of_failure(RunError(f"the loss is nan{BEAM}"), NODES, tmp_path, tmp_path / "log")
    assert (result.status, result.reasons) == ("failed", ("Trainer: the loss is nan",))
    assert {name: node.state for name, node in result.components.items()} == {
        "ImportSchemaGen": "ran",
        "Trainer": "failed",
    }


def test_an_unexpected_failure_names_the_log(tmp_path: Path) -> None:
    result = outcome_of_failure(ValueError(f"x{BEAM}"), NODES, tmp_path, tmp_path / "log")
    assert result.reasons == (f"Trainer: unexpected ValueError: x; see {tmp_path / 'log'}",)


def test_a_refusal_keeps_every_reason(tmp_path: Path) -> None:
    result = outcome_of_failure(RefusedError(f"a: one\nb: two{BEAM}"), NODES, tmp_path, tmp_path / "log")
    assert (result.status, result.reasons) == ("refused_data", ("a: one", "b: two"))


def test_wrong_use_found_by_a_node_is_raised(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^no such folder$"):
        outcome_of_failure(SourceError(f"no such folder{BEAM}"), NODES, tmp_path, tmp_path / "log")
