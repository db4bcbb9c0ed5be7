"""The local runner: everything around the pipeline on one machine, from the lock to the last result."""

import contextlib
import dataclasses
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from components.files import DECISION_FILE, MANIFEST_FILE
from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.manifest import read_manifest, read_rejected, write_rejected
from components.manifest_gen.settings import DataSettings
from components.manifest_gen.sources.registry import read_source
from components.pusher.publish import versions
from components.release_gate.decision import Decision
from pipeline.digests import data_digest
from pipeline.films import key_id, patient_key, provide_films
from pipeline.plan import Plan, make_plan
from pipeline.result import ComponentRun, RunResult
from pipeline.runtime import log_to, prepare_gpus, prepare_process
from pipeline.settings import RunSettings
from schema import SCHEMA_FILE
from trainer.errors import CxrError, RefusedError, RunError
from trainer.servable import ModelInfo

if TYPE_CHECKING:
    from pipeline.lineage import NodeRun

LAST_RUN: Final = "last_run.json"


def run(settings: RunSettings, root: Path, *, debug: bool = False) -> RunResult:
    """Runs the pipeline on this machine.

    A run whose films, settings and code are those of the last finished one ends at once, before TensorFlow is
    imported. A run that was killed goes on from its last finished component, and training from its last epoch.

    Args:
        settings: All settings.
        root: Folder for everything that the run leaves behind.
        debug: Let TensorFlow, TFX and Beam log to stderr.

    Raises:
        CxrError: Whatever can be told in one line.
    """
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / "run.lock", timeout=0):
            return _run_locked(settings, root, debug=debug)
    except Timeout:
        raise RunError(f"another run is using {root}; wait for its end, or name another folder with --root") from None


def _run_locked(settings: RunSettings, root: Path, *, debug: bool) -> RunResult:
    prepare_process(debug=debug)
    log_to(root / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log", debug=debug)
    data = provide_films(settings, root)
    digest_of_data = data_digest(data, root / "digests.json")
    key = patient_key(settings, root)
    plan = make_plan(settings.model_copy(update={"data": data}), digest_of_data=digest_of_data, key_id=key_id(key))
    model_folder = root / "serving" / settings.serving.model_name
    fingerprint = plan.fingerprint(model_folder)
    if known := _result_of_same_run(root, fingerprint, model_folder):
        return known
    _check_sources(data)

    from trainer.weights import fetch_weights  # brings TensorFlow

    prepare_gpus()
    fetch_weights(settings.trainer)
    with _environment(KEY_VARIABLE, key):
        result = _run_pipeline(plan, settings, root, model_folder)
    (root / LAST_RUN).write_text(
        json.dumps({"fingerprint": fingerprint, "result": result.model_dump(mode="json")}, indent=2), encoding="utf-8"
    )
    return result


def _run_pipeline(plan: Plan, settings: RunSettings, root: Path, model_folder: Path) -> RunResult:
    from pipeline.beam_runner import AnnouncingBeamDagRunner, message_of
    from pipeline.definition import create_pipeline
    from pipeline.lineage import connection_config, nodes_of_last_run

    database = root / "metadata.sqlite"
    pipeline = create_pipeline(
        name="cxr",
        root=str(root / "tfx"),
        **{field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)},
        schema_file=str(SCHEMA_FILE),
        checkpoint_dir=str(root / "checkpoints"),
        model_folder=str(model_folder),
        version=int(time.time()),
        beam_pipeline_args=settings.beam.pipeline_args,
        metadata_connection_config=connection_config(database),
    )
    failure: Exception | None = None
    try:
        AnnouncingBeamDagRunner().run(pipeline)
    except Exception as error:  # Beam raises whatever a node raised; sorted out below
        failure = error
    nodes = nodes_of_last_run(database)
    described = _describe(nodes, root / "manifest")
    if failure is not None:
        message = message_of(failure)
        if isinstance(failure, RefusedError):
            return described.model_copy(update={"status": "refused_data", "reasons": tuple(message.splitlines())})
        if isinstance(failure, CxrError):
            raise type(failure)(message) from failure
        failed = next((name for name, node in nodes.items() if node.state == "failed"), "the pipeline")
        first = (message.splitlines() or [""])[0]
        raise RunError(
            f"{failed} failed with {type(failure).__name__}: {first}; the whole story is in {root / 'logs'}"
        ) from failure
    decision = _read_decision(nodes["ReleaseGate"])
    described = described.model_copy(
        update={"metrics": decision.metrics, "gate": decision.rules, "notes": _notes(nodes["Trainer"], decision)}
    )
    if decision.status == "not_blessed":
        reasons = tuple(rule.message for rule in decision.rules if not rule.passed)
        return described.model_copy(update={"status": "not_blessed", "reasons": reasons})
    pushed = nodes["Pusher"].outputs["pushed"].custom_properties["pushed"].int_value
    served = versions(model_folder)[-1]
    return described.model_copy(
        update={
            "status": "pushed" if pushed else "unchanged",
            "version": int(served.name),
            "model_dir": str(served),
        }
    )


def _result_of_same_run(root: Path, fingerprint: str, model_folder: Path) -> RunResult | None:
    """The last result, if films, settings and code are still the same and what it pushed is still what is served."""
    try:
        last = json.loads((root / LAST_RUN).read_text(encoding="utf-8"))
        result = RunResult.model_validate(last["result"])
    except (OSError, ValueError, KeyError):
        return None
    if last["fingerprint"] != fingerprint:
        return None
    if result.status in ("pushed", "unchanged"):
        served = versions(model_folder)
        if not served or str(served[-1]) != result.model_dir:
            return None
        result = result.model_copy(update={"status": "unchanged"})
    cached = {name: ComponentRun(state="cached", seconds=0) for name in result.components}
    return result.model_copy(update={"components": cached})


def _describe(nodes: dict[str, "NodeRun"], manifest_folder: Path) -> RunResult:
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
    rejected = [*read_rejected(manifest), *(read_rejected(undecodable) if undecodable else [])]
    manifest_folder.mkdir(exist_ok=True)
    shutil.copyfile(manifest / MANIFEST_FILE, manifest_folder / MANIFEST_FILE)
    write_rejected(rejected, manifest_folder)
    films: dict[str, Counter[str]] = {}
    for row in read_manifest(manifest):
        films.setdefault(row.label, Counter())[row.split] += 1
    return result.model_copy(
        update={
            "films": {label: dict(counts) for label, counts in films.items()},
            "rejected": dict(Counter(rejection.reason for rejection in rejected).most_common()),
        }
    )


def _output(nodes: dict[str, "NodeRun"], node: str, key: str) -> Path | None:
    outputs = nodes[node].outputs if node in nodes and nodes[node].state != "failed" else {}
    return Path(outputs[key].uri) if key in outputs else None


def _read_decision(gate: "NodeRun") -> Decision:
    file = Path(gate.outputs["blessing"].uri, DECISION_FILE)
    return Decision.model_validate_json(file.read_text(encoding="utf-8"))


def _notes(trainer: "NodeRun", decision: Decision) -> tuple[str, ...]:
    info = ModelInfo.read(Path(trainer.outputs["model"].uri, "Format-Serving"))
    return (*info.notes, *decision.warnings)


def _check_sources(data: DataSettings) -> None:
    """Reads the metadata of every source once, so that one that cannot be read ends the run in a second."""
    for source in data.sources:
        for _ in read_source(source, Path(data.root or ".")):
            pass


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
