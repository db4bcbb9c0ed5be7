"""Several networks on the same films with the same seed: the runner of a comparison on this machine."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.manifest import sha256_of
from components.manifest_gen.settings import FoldSettings
from pipeline.beam_settings import BeamSettings
from pipeline.compare.networks import check_networks, networks_of
from pipeline.compare.result import ComparisonResult
from pipeline.digests import code_digest, count_files, data_digest
from pipeline.films import check_sources, key_id, patient_key, provide_films
from pipeline.plan import Plan, make_plan
from pipeline.root import locked_root
from pipeline.runtime import LOGGER, environment, log_to, prepare_gpus, prepare_process, prepare_workers
from pipeline.settings import RunSettings
from trainer.errors import UsageError
from trainer.settings import TrainerSettings

if TYPE_CHECKING:
    from pipeline.lineage import NodeRun
    from pipeline.result import RunResult

#: What a run or an evaluation leaves under its root and a comparison does not.
_OF_ANOTHER: Final = ("serving", "schema", "last_run.json", "model")
#: What the pipeline of a comparison is told of a plan.
PLANNED: Final = (
    "data_settings", "threshold_settings", "classes", "positive", "image_size", "data_digest", "key_id",
)  # fmt: skip
TRIAL: Final = "components.network_trial.executor"


def compare(
    settings: RunSettings, names: Sequence[str], root: Path, *, folds: int = 0, debug: bool = False
) -> ComparisonResult:
    """Trains networks on the same films and says what each is worth.

    Another setting of one network trains that one anew and no other. A comparison that was killed goes on from its last
    finished network, and training from its last epoch.

    Args:
        settings: As for a run; ``compare.networks`` holds what single networks are told.
        names: Of the networks.
        root: Folder for everything that the comparison leaves behind; not that of a run.
        folds: Of a cross-validation, 3 to 20; 0 = one split, that of a run.
        debug: Let TensorFlow, TFX and Beam log to stderr, and raise what a node raises.

    Raises:
        CxrError: Whatever can be told in one line before the pipeline starts, and sources that cannot be read.
    """
    networks = networks_of(settings, names)
    if any((root / name).exists() for name in _OF_ANOTHER):
        raise UsageError(f"root {root} is that of a run or an evaluation; name another folder with --root")
    with locked_root(root) as folder:
        return _compare_locked(settings, networks, folder, folds, debug=debug)


def _compare_locked(
    settings: RunSettings, networks: dict[str, TrainerSettings], root: Path, folds: int, *, debug: bool
) -> ComparisonResult:
    prepare_process(debug=debug)
    log_file = root / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    log_to(log_file, debug=debug)
    if settings.beam != BeamSettings():
        from pipeline.beam_check import check_beam

        check_beam(settings.beam)
    prepare_gpus()
    check_networks(networks, settings.data.image_size)
    data = provide_films(settings, root)
    key = patient_key(settings, root)
    settings = settings.model_copy(update={"data": data})
    plan = make_plan(settings, digest_of_data=data_digest(data, root / "digests.json"), key_id=key_id(key))
    check_sources(data)
    settings = settings.model_copy(update={"beam": settings.beam.for_films(count_files(data))})
    prepare_workers(settings.beam.most_processes)

    from pipeline.compare.write import EARLIER, forget_earlier, set_aside, write_comparison

    set_aside(root)  # else the tables of the comparison before would look current
    with environment(KEY_VARIABLE, key):
        failure, nodes = _run(plan, settings, networks, root, folds, log_file, debug=debug)

    from pipeline.compare import outcome

    finished = outcome.finished(nodes, tuple(networks), folds)
    if failure is not None and not finished:
        result = outcome.failed(failure)
        if not (root / EARLIER).exists():
            return result
        return result.model_copy(update={"notes": (f"the tables of the comparison before are in {root / EARLIER}",)})
    result = outcome.compared(nodes, finished, folds, data.image_size)
    manifest = outcome.manifest_of(nodes)
    outcome.leave_manifest(manifest, root)

    from components.network_trial.job import forget_features
    from pipeline.compare.audit import audit_comparison, warnings_of

    LOGGER.info("audit")
    records = Path(nodes["XrayExampleGen"].outputs["examples"].uri)
    audit = audit_comparison(manifest, records, settings, plan.sources_without_patients, folds)
    warnings = warnings_of(audit, result.networks, settings.split.by, folds)
    result = result.model_copy(update={"warnings": warnings, "audit": audit.checks})
    if failure is not None:
        result = outcome.broken_off(result, failure, tuple(networks))
    LOGGER.info("report")
    result = write_comparison(result, manifest, settings, root)
    if failure is None:
        forget_earlier(root)
        forget_features(root / "checkpoints")
    return result


def _run(
    plan: Plan,
    settings: RunSettings,
    networks: Mapping[str, TrainerSettings],
    root: Path,
    folds: int,
    log_file: Path,
    *,
    debug: bool,
) -> "tuple[RunResult | None, Mapping[str, NodeRun]]":
    """Runs the pipeline; gives what went wrong, if anything did, and the nodes."""
    from pipeline.beam_runner import set_runners
    from pipeline.compare.definition import create_comparison_pipeline
    from pipeline.lineage import connection_config
    from pipeline.outcome import run_and_describe

    planned: dict[str, Any] = {name: getattr(plan, name) for name in PLANNED}
    split = FoldSettings(by=settings.split.by, folds=folds) if folds else settings.split
    pipeline = create_comparison_pipeline(
        root=str(root / "tfx"),
        **planned,
        split_settings=split.model_dump_json(),
        networks={name: trainer.model_dump_json() for name, trainer in networks.items()},
        folds=folds,
        weights_digests={name: _digest_of(trainer.weights) for name, trainer in networks.items()},
        code={**plan.code, "NetworkTrial": code_digest(TRIAL)},
        checkpoint_dir=str(root / "checkpoints"),
        metadata_connection_config=connection_config(root / "metadata.sqlite"),
    )
    set_runners(pipeline, settings.beam, here=True)
    return run_and_describe(pipeline, root, log_file, debug=debug)


def _digest_of(weights: str) -> str:
    """Of a local weights file; empty where the weights have a name."""
    file = Path(weights)
    return sha256_of(file) if file.is_file() else ""
