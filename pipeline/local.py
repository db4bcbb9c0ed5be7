"""The local runner: everything around the pipeline on one machine, from the lock to the last result."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from components.data_audit.baseline import find_baseline
from components.manifest_gen.key import KEY_VARIABLE
from components.score.served_model import find_served
from pipeline import last_run
from pipeline.beam_settings import BeamSettings
from pipeline.digests import count_files, data_digest, sha256_of
from pipeline.films import check_sources, key_id, patient_key, provide_films
from pipeline.plan import Plan, make_plan
from pipeline.result import RunResult
from pipeline.root import is_of_a_comparison, locked_root
from pipeline.runtime import LOGGER, environment, log_to, prepare_gpus, prepare_process, prepare_workers
from pipeline.settings import RunSettings
from trainer.errors import UsageError
from trainer.tuner_settings import networks

if TYPE_CHECKING:
    from pipeline.lineage import NodeRun


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
    if is_of_a_comparison(root):
        raise UsageError(f"root {root} is that of a comparison; name another folder with --root")
    with locked_root(root) as folder:
        return _run_locked(settings, folder, debug=debug)


def _run_locked(settings: RunSettings, root: Path, *, debug: bool) -> RunResult:
    prepare_process(debug=debug)
    log_file = root / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    log_to(log_file, debug=debug)
    if settings.trainer.require_gpu:
        from trainer.devices import check_gpu  # brings TensorFlow

        prepare_gpus()
        check_gpu(settings.trainer)
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
    if served := find_served(model_folder, plan.plan_digest):
        plan = dataclasses.replace(plan, served=served.model_dump_json())
    fingerprint = plan.fingerprint(model_folder, settings.report.model_dump_json())
    if known := last_run.recall(root, fingerprint, model_folder):
        return known
    check_sources(data)

    from trainer.backbone_check import check_backbone  # these three bring TensorFlow
    from trainer.model import check_image_size
    from trainer.weights import fetch_weights

    prepare_gpus()
    settings = settings.model_copy(update={"beam": settings.beam.for_films(count_files(data))})
    prepare_workers(settings.beam.most_processes)
    instead = "choose others for tuner.backbones" if settings.tuner.trials else "choose another trainer.backbone"
    for network in networks(settings.trainer, settings.tuner):
        check_image_size(network.backbone, data.image_size, instead)
        check_backbone(network, data.image_size)
        fetch_weights(network)
    last_run.forget(root)
    with environment(KEY_VARIABLE, key):
        result = _run_pipeline(plan, settings, root, model_folder, log_file, debug=debug)
    if result.status != "failed":
        last_run.remember(root, fingerprint, result)
    if result.status not in ("failed", "refused_data"):
        from trainer.job import forget_searches

        forget_searches(root / "checkpoints")  # those of runs that were killed would lie there for ever
    return result


def _run_pipeline(
    plan: Plan, settings: RunSettings, root: Path, model_folder: Path, log_file: Path, *, debug: bool
) -> RunResult:
    from pipeline.beam_runner import AnnouncingBeamDagRunner, set_runners
    from pipeline.definition import create_pipeline
    from pipeline.lineage import connection_config, nodes_of_last_run
    from pipeline.outcome import describe_failure, outcome_of_success, wrong_use_of

    database = root / "metadata.sqlite"
    pipeline = create_pipeline(
        name="cxr",
        root=str(root / "tfx"),
        **{field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)},
        schema_file=str(_write_schema(plan.schema, root)),
        checkpoint_dir=str(root / "checkpoints"),
        model_folder=str(model_folder),
        version=int(time.time()),
        metadata_connection_config=connection_config(database),
    )
    set_runners(pipeline, settings.beam, here=True)
    try:
        AnnouncingBeamDagRunner().run(pipeline)
    except Exception as error:  # Beam raises whatever a node raised
        if debug:
            raise
        nodes = nodes_of_last_run(database)
        result = describe_failure(error, nodes, root / "manifest", log_file)
        if wrong_use := wrong_use_of(error):
            _reported(result, nodes, plan, settings, root)  # else the report of the run before would look current
            raise wrong_use from error
    else:
        nodes = nodes_of_last_run(database)
        result = outcome_of_success(nodes, root / "manifest", model_folder)
    return _reported(result, nodes, plan, settings, root)


def _reported(
    result: RunResult, nodes: "Mapping[str, NodeRun]", plan: Plan, settings: RunSettings, root: Path
) -> RunResult:
    """The result with its report. A report that cannot be written takes nothing from what the run has done."""
    from pipeline.report.write import write_report

    LOGGER.info("report")
    try:
        report = write_report(
            root,
            result,
            nodes,
            settings,
            show_films=settings.report.shows_films(drawn=settings.data.root is None),
            digests={"data": plan.data_digest, **plan.code},
        )
    except Exception as error:
        LOGGER.exception("the report could not be written (%s); cxr report --run %s tries again", error, root)
        return result
    return result.model_copy(update={"report": str(report)})


def _write_schema(schema: str, root: Path) -> Path:
    """The schema under a name that changes with its content: TFX keys ImportSchemaGen's cache by the path alone."""
    content = schema.encode()
    file = root / "schema" / f"{sha256_of(content)[:16]}.pbtxt"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    return file
