"""The local runner: everything around the pipeline on one machine, from the lock to the last result."""

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from components.data_audit.baseline import find_baseline
from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.settings import DataSettings
from components.manifest_gen.sources.registry import read_source
from pipeline import last_run
from pipeline.beam_settings import BeamSettings
from pipeline.digests import data_digest, sha256_of
from pipeline.films import key_id, patient_key, provide_films
from pipeline.plan import Plan, make_plan
from pipeline.result import RunResult
from pipeline.runtime import log_to, prepare_gpus, prepare_process, prepare_workers
from pipeline.settings import RunSettings
from trainer.errors import RunError, UsageError


def run(settings: RunSettings, root: Path, *, debug: bool = False) -> RunResult:
    """Runs the pipeline on this machine.

    A run whose films, settings and code are those of the last finished one ends at once, before TensorFlow is
    imported. A run that was killed goes on from its last finished component, and training from its last epoch.

    Args:
        settings: All settings.
        root: Folder for everything that the run leaves behind.
        debug: Let TensorFlow, TFX and Beam log to stderr, and raise what a node raises.

    Raises:
        CxrError: Whatever can be told in one line before the pipeline starts, and sources that cannot be read.
    """
    root = root.resolve()
    if set(str(root)) & set("*?[]{}"):
        raise UsageError(f"root {root} holds one of * ? [ ] {{ }}, which TFX reads as a pattern; name another folder")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"root {root} cannot be made ({error.strerror}); name another folder with --root") from error
    try:
        with FileLock(root / "run.lock", timeout=0):
            return _run_locked(settings, root, debug=debug)
    except Timeout:
        raise RunError(f"another run is using {root}; wait for its end, or name another folder with --root") from None


def _run_locked(settings: RunSettings, root: Path, *, debug: bool) -> RunResult:
    prepare_process(debug=debug)
    log_file = root / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    log_to(log_file, debug=debug)
    if settings.beam != BeamSettings():  # the check takes seconds, and what stands there by itself is right
        from pipeline.beam_check import check_beam

        check_beam(settings.beam)
    data = provide_films(settings, root)
    digest_of_data = data_digest(data, root / "digests.json")
    key = patient_key(settings, root)
    model_folder = root / "serving" / settings.serving.model_name
    plan = make_plan(
        settings.model_copy(update={"data": data}),
        digest_of_data=digest_of_data,
        key_id=key_id(key),
        baseline=find_baseline(model_folder, digest_of_data),
    )
    fingerprint = plan.fingerprint(model_folder)
    if known := last_run.recall(root, fingerprint, model_folder):
        return known
    _check_sources(data)

    from trainer.model import check_image_size  # these two bring TensorFlow
    from trainer.weights import fetch_weights

    prepare_gpus()
    prepare_workers(settings.beam.processes)
    check_image_size(settings.trainer.backbone, data.image_size)
    fetch_weights(settings.trainer)
    with _environment(KEY_VARIABLE, key):
        result = _run_pipeline(plan, settings, root, model_folder, log_file, debug=debug)
    if result.status != "failed":
        last_run.remember(root, fingerprint, result)
    return result


def _run_pipeline(
    plan: Plan, settings: RunSettings, root: Path, model_folder: Path, log_file: Path, *, debug: bool
) -> RunResult:
    from pipeline.beam_runner import AnnouncingBeamDagRunner
    from pipeline.definition import create_pipeline
    from pipeline.lineage import connection_config, nodes_of_last_run
    from pipeline.outcome import outcome_of_failure, outcome_of_success

    database = root / "metadata.sqlite"
    pipeline = create_pipeline(
        name="cxr",
        root=str(root / "tfx"),
        **{field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)},
        schema_file=str(_write_schema(plan.schema, root)),
        checkpoint_dir=str(root / "checkpoints"),
        model_folder=str(model_folder),
        version=int(time.time()),
        beam_pipeline_args=settings.beam.pipeline_args,
        metadata_connection_config=connection_config(database),
    )
    try:
        AnnouncingBeamDagRunner().run(pipeline)
    except Exception as error:  # Beam raises whatever a node raised
        if debug:
            raise
        return outcome_of_failure(error, nodes_of_last_run(database), root / "manifest", log_file)
    return outcome_of_success(nodes_of_last_run(database), root / "manifest", model_folder)


def _write_schema(schema: str, root: Path) -> Path:
    """The schema under a name that changes with its content: TFX keys ImportSchemaGen's cache by the path alone."""
    content = schema.encode()
    file = root / "schema" / f"{sha256_of(content)[:16]}.pbtxt"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    return file


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
