"""The runner and what ML Metadata remembers of its runs, on a pipeline of one node."""

from pathlib import Path

import pytest
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.orchestration.pipeline import Pipeline

from pipeline.beam_runner import AnnouncingBeamDagRunner, message_of
from pipeline.lineage import NodeRun, connection_config, nodes_of_last_run
from schema import SCHEMA_FILE


def run(root: Path, schema_file: Path) -> dict[str, NodeRun]:
    database = root / "metadata.sqlite"
    pipeline = Pipeline(
        pipeline_name="one",
        pipeline_root=str(root / "tfx"),
        components=[ImportSchemaGen(schema_file=str(schema_file))],
        enable_cache=True,
        metadata_connection_config=connection_config(database),
    )
    AnnouncingBeamDagRunner().run(pipeline)
    return nodes_of_last_run(database)


def test_a_node_ran_and_then_came_from_the_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="cxr")
    first = run(tmp_path, SCHEMA_FILE)["ImportSchemaGen"]
    assert first.state == "ran"
    assert first.seconds > 0
    schema = Path(first.outputs["schema"].uri, "schema.pbtxt")
    assert schema.is_file()
    assert [record.getMessage() for record in caplog.records if record.name == "cxr"] == ["ImportSchemaGen"]

    again = run(tmp_path, SCHEMA_FILE)["ImportSchemaGen"]
    assert (again.state, again.seconds) == ("cached", 0)
    assert again.outputs["schema"].uri == first.outputs["schema"].uri


def test_a_node_that_raised_has_failed_and_its_message_is_as_it_was_raised(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="nowhere") as raised:
        run(tmp_path, Path("/nowhere/schema.pbtxt"))
    assert "[while running" in str(raised.value)
    assert "[while running" not in message_of(raised.value)
    node = nodes_of_last_run(tmp_path / "metadata.sqlite")["ImportSchemaGen"]
    assert (node.state, node.outputs) == ("failed", {})


def test_before_the_first_run_there_are_no_nodes(tmp_path: Path) -> None:
    assert nodes_of_last_run(tmp_path / "metadata.sqlite") == {}
