"""What a run did, read from ML Metadata: which nodes ran, which came from the cache, and where their outputs are."""

from dataclasses import dataclass
from pathlib import Path

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2


@dataclass(frozen=True)
class NodeRun:
    """One node of one run.

    Attributes:
        node: Its id.
        state: ``ran``, ``cached`` or ``failed``.
        seconds: How long it ran; 0 for one from the cache.
        outputs: For every output, the artifact of this run.
    """

    node: str
    state: str
    seconds: float
    outputs: dict[str, metadata_store_pb2.Artifact]


def connection_config(database: Path) -> metadata_store_pb2.ConnectionConfig:
    """Connection to an SQLite file, which is made where it is missing."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(database)
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


def nodes_of_last_run(database: Path) -> dict[str, NodeRun]:
    """The nodes of the newest run, in the order in which they came."""
    store = metadata_store.MetadataStore(connection_config(database))
    runs = store.get_contexts_by_type("pipeline_run")
    if not runs:
        return {}
    newest = max(runs, key=lambda run: run.id)
    nodes = {}
    for execution in sorted(store.get_executions_by_context(newest.id), key=lambda execution: execution.id):
        node = next(c.name for c in store.get_contexts_by_execution(execution.id) if c.type == "node")
        node = node.removeprefix(f"{_pipeline_of(store, execution.id)}.")
        nodes[node] = NodeRun(
            node=node,
            state=_state(execution),
            seconds=(execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000
            if _state(execution) == "ran"
            else 0.0,
            outputs=_outputs(store, execution.id),
        )
    return nodes


def _pipeline_of(store: metadata_store.MetadataStore, execution_id: int) -> str:
    return next(c.name for c in store.get_contexts_by_execution(execution_id) if c.type == "pipeline")


def _state(execution: metadata_store_pb2.Execution) -> str:
    states = metadata_store_pb2.Execution
    if execution.last_known_state == states.COMPLETE:
        return "ran"
    return "cached" if execution.last_known_state == states.CACHED else "failed"


def _outputs(store: metadata_store.MetadataStore, execution_id: int) -> dict[str, metadata_store_pb2.Artifact]:
    kinds = (metadata_store_pb2.Event.OUTPUT,)
    events = [event for event in store.get_events_by_execution_ids([execution_id]) if event.type in kinds]
    artifacts = {artifact.id: artifact for artifact in store.get_artifacts_by_id([e.artifact_id for e in events])}
    return {event.path.steps[0].key: artifacts[event.artifact_id] for event in events if event.path.steps}
