"""From the nodes of a run, as ML Metadata has them, to its result."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tfx.orchestration.pipeline import Pipeline
from tfx.utils import path_utils

from components.data_audit.audit import Audit, Check
from components.files import ASSESSMENT_FILE, AUDIT_FILE, DECISION_FILE
from components.manifest_gen.manifest import Manifest, read_manifest, read_rejected, without, write_manifest
from components.pusher.publish import versions
from components.release_gate.decision import Decision
from pipeline.beam_runner import AnnouncingBeamDagRunner, message_of
from pipeline.lineage import NodeRun, nodes_of_last_run
from pipeline.result import ComponentRun, RunResult
from trainer.assessment import Assessment
from trainer.errors import CxrError, RefusedError, UsageError
from trainer.servable import ModelInfo

Nodes = Mapping[str, NodeRun]


def outcome_of_success(nodes: Nodes, manifest_folder: Path, model_folder: Path) -> RunResult:
    """The result of a run in which every node ended well: pushed, unchanged, or not blessed.

    Args:
        nodes: The nodes of the run.
        manifest_folder: Gets a copy of the manifest.
        model_folder: Where the Pusher pushes to.
    """
    blessing = Path(nodes["ReleaseGate"].outputs["blessing"].uri)
    decision = Decision.model_validate_json((blessing / DECISION_FILE).read_text(encoding="utf-8"))
    assessment = Assessment.model_validate_json((blessing / ASSESSMENT_FILE).read_text(encoding="utf-8"))
    info = ModelInfo.read(Path(path_utils.serving_model_path(nodes["Trainer"].outputs["model"].uri)))
    result = _describe(nodes, manifest_folder).model_copy(
        update={
            "metrics": decision.metrics,
            "classes": assessment.report,
            "averages": assessment.averages,
            "gate": decision.rules,
            "notes": (*info.notes, *decision.warnings),
        }
    )
    if decision.status == "not_blessed":
        reasons = tuple(rule.message for rule in decision.rules if not rule.passed)
        return result.model_copy(update={"status": "not_blessed", "reasons": reasons})
    pushed = nodes["Pusher"].outputs["pushed"].custom_properties["pushed"].int_value
    served = versions(model_folder)[-1]
    return result.model_copy(
        update={
            "status": "pushed" if pushed else "unchanged",
            "version": int(served.name),
            "model_dir": str(served),
        }
    )


def outcome_of_data(nodes: Nodes, manifest_folder: Path) -> RunResult:
    """The result as far as the data audit goes: refused where DataGate will refuse, else of what is served, unchanged.

    Args:
        nodes: The nodes of the run, DataAudit among them.
        manifest_folder: Gets a copy of the manifest.
    """
    result = _describe(nodes, manifest_folder)
    audit = Audit(checks=result.audit)
    if not audit.stops:
        return result.model_copy(update={"status": "unchanged"})
    return _refused(result, tuple(check.reason for check in audit.stops))


def wrong_use_of(error: Exception) -> UsageError | None:
    """What a node raised, without Beam's words, if it found wrong use: a source that cannot be read, for instance."""
    return type(error)(message_of(error)) if isinstance(error, UsageError) else None


def run_and_describe(
    pipeline: Pipeline, root: Path, log_file: Path, *, debug: bool
) -> tuple[RunResult | None, dict[str, NodeRun]]:
    """Runs a pipeline that measures, and pushes nothing.

    Args:
        pipeline: Whose metadata are under the root.
        root: Gets a copy of the manifest where a node raises.
        log_file: Where the traceback then stands.
        debug: Raise what a node raises.

    Returns:
        What went wrong, None where nothing did; and the nodes.

    Raises:
        UsageError: A node found wrong use.
    """
    database = root / "metadata.sqlite"
    try:
        AnnouncingBeamDagRunner().run(pipeline)
    except Exception as error:  # Beam raises whatever a node raised
        if debug:
            raise
        if wrong_use := wrong_use_of(error):
            raise wrong_use from error
        nodes = nodes_of_last_run(database)
        return describe_failure(error, nodes, root / "manifest", log_file), nodes
    return None, nodes_of_last_run(database)


def describe_failure(error: Exception, nodes: Nodes, manifest_folder: Path, log_file: Path) -> RunResult:
    """The result of a run in which a node raised: data refused, or failed.

    Args:
        error: What the runner raised.
        nodes: The nodes of the run.
        manifest_folder: Gets a copy of the manifest.
        log_file: Where the traceback stands.
    """
    message = message_of(error)
    result = _describe(nodes, manifest_folder)
    if isinstance(error, RefusedError):
        return _refused(result, tuple(message.splitlines()))
    if not isinstance(error, CxrError):
        message = f"unexpected {type(error).__name__}: {(message.splitlines() or [''])[0]}; see {log_file}"
    failed = next((name for name, node in nodes.items() if node.state == "failed"), "the pipeline")
    return result.model_copy(update={"status": "failed", "reasons": (f"{failed}: {message}",)})


def _refused(result: RunResult, reasons: tuple[str, ...]) -> RunResult:
    notes = tuple(check.message for check in Audit(checks=result.audit).warnings)
    return result.model_copy(update={"status": "refused_data", "reasons": reasons, "notes": notes})


def _describe(nodes: Nodes, manifest_folder: Path) -> RunResult:
    """What can be said of any run, finished or not. Leaves the manifest where a person looks for it."""
    result = RunResult(
        status="failed",
        components={
            name: ComponentRun(state=node.state, seconds=round(node.seconds, 1)) for name, node in nodes.items()
        },
    )
    manifest = _output(nodes, "ManifestGen", "manifest")
    if manifest is None:
        return result
    undecodable = _output(nodes, "XrayExampleGen", "rejected")
    lost = read_rejected(undecodable) if undecodable else []
    rows = without(read_manifest(manifest), lost)
    rejected = [*read_rejected(manifest), *lost]
    manifest_folder.mkdir(exist_ok=True)
    write_manifest(Manifest(tuple(rows), tuple(rejected)), manifest_folder)
    films: dict[str, Counter[str]] = {}
    for row in rows:
        films.setdefault(row.label, Counter())[row.split] += 1
    return result.model_copy(
        update={
            "films": {label: dict(counts) for label, counts in films.items()},
            "rejected": dict(Counter(rejection.reason for rejection in rejected).most_common()),
            "audit": _checks(nodes),
        }
    )


def _checks(nodes: Nodes) -> tuple[Check, ...]:
    folder = _output(nodes, "DataAudit", "audit")
    if folder is None:
        return ()
    return Audit.model_validate_json((folder / AUDIT_FILE).read_text(encoding="utf-8")).checks


def _output(nodes: Nodes, node: str, key: str) -> Path | None:
    outputs = nodes[node].outputs if node in nodes and nodes[node].state != "failed" else {}
    return Path(outputs[key].uri) if key in outputs else None
