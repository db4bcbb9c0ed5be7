"""A pushed model on films that it never saw: the metrics, the audits and the report of a run; nothing is trained."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.files import MANIFEST_FILE
from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.manifest import read_manifest
from components.manifest_gen.rows import ManifestRow
from components.pusher.publish import digest_of
from pipeline.beam_settings import BeamSettings
from pipeline.digests import count_files, data_digest
from pipeline.evaluation_result import EvaluationResult
from pipeline.films import check_sources, key_id, patient_key, provide_films
from pipeline.plan import Plan, make_plan
from pipeline.root import is_of_a_comparison, locked_root
from pipeline.runtime import environment, log_to, prepare_gpus, prepare_process, prepare_workers
from pipeline.settings import RunSettings, load_settings
from trainer.errors import UsageError
from trainer.servable import ModelInfo

if TYPE_CHECKING:
    from pipeline.lineage import NodeRun
    from pipeline.result import RunResult

#: What a run leaves under its root and an evaluation does not.
_OF_A_RUN: Final = ("serving", "checkpoints", "schema", "last_run.json")
#: What the pipeline of an evaluation is told of a plan.
PLANNED: Final = (
    "data_settings", "score_settings", "max_masked_auc", "classes", "image_size", "data_digest", "key_id", "code",
)  # fmt: skip


def settings_for(info: ModelInfo, config: Path, overrides: Sequence[str]) -> RunSettings:
    """The settings of an evaluation: a file, single keys over it, and from the model what it alone can say.

    Args:
        info: The model's; its classes, positive class and image size need not be named again.
        config: A YAML file as for ``cxr run``.
        overrides: Texts like ``data.root=FOLDER``.

    Raises:
        UsageError: Faults, or settings that contradict the model; a line each.
    """
    of_model: dict[str, Any] = {
        "classes": list(info.classes), "positive": info.positive, "image_size": info.image_size,
    }  # fmt: skip
    settings = load_settings(None, config, overrides, under={"data": of_model})
    data = settings.data
    faults = [
        f"data.{key} is {told}, but the model has {has}; leave the key out, the model says it"
        for key, told, has, agree in (
            ("image_size", data.image_size, info.image_size, data.image_size == info.image_size),
            ("classes", _listed(data.classes), _listed(info.classes), set(data.classes) == set(info.classes)),
            ("positive", data.positive, info.positive, data.positive == info.positive),
        )
        if not agree
    ]
    if faults:
        raise UsageError("\n".join(faults))
    # Every film counts: none is left out to balance the classes. The order of the classes is that of the outputs.
    return settings.model_copy(update={"data": data.model_copy(update={"balance": "none", "classes": info.classes})})


def evaluate(
    settings: RunSettings, version: Path, root: Path, *, manifest: Path | None = None, debug: bool = False
) -> EvaluationResult:
    """Evaluates a pushed model on this machine.

    Args:
        settings: As `settings_for` gives them.
        version: Folder of the version.
        root: Folder for everything that the evaluation leaves behind; not that of a run.
        manifest: Folder with the manifest of the run that trained the model, to look for copies of its films; None
            where it is not at hand.
        debug: Let TensorFlow, TFX and Beam log to stderr, and raise what a node raises.

    Raises:
        CxrError: Whatever can be told in one line before the pipeline starts, and sources that cannot be read.
    """
    if is_of_a_comparison(root):
        raise UsageError(f"root {root} is that of a comparison; name another folder with --root")
    if any((root / name).exists() for name in _OF_A_RUN):
        raise UsageError(f"root {root} is that of a run; name another folder with --root")
    if manifest and not (manifest / MANIFEST_FILE).is_file():
        raise UsageError(
            f"--manifest {manifest} holds no {MANIFEST_FILE}; give the folder manifest under the root of the run that "
            "trained the model"
        )
    trained = read_manifest(manifest) if manifest else None
    with locked_root(root) as folder:
        return _evaluate_locked(settings, version.resolve(), folder, trained, debug=debug)


def _evaluate_locked(
    settings: RunSettings, version: Path, root: Path, trained: Sequence[ManifestRow] | None, *, debug: bool
) -> EvaluationResult:
    prepare_process(debug=debug)
    log_file = root / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    log_to(log_file, debug=debug)
    if settings.beam != BeamSettings():
        from pipeline.beam_check import check_beam

        check_beam(settings.beam)
    data = provide_films(settings, root)
    key = patient_key(settings, root)
    plan = make_plan(
        settings.model_copy(update={"data": data}),
        digest_of_data=data_digest(data, root / "digests.json"),
        key_id=key_id(key),
    )
    check_sources(data)
    prepare_gpus()
    settings = settings.model_copy(update={"beam": settings.beam.for_films(count_files(data))})
    prepare_workers(settings.beam.most_processes)
    with environment(KEY_VARIABLE, key):
        failure, nodes = _run(plan, settings, version, root, log_file, debug=debug)

    from pipeline.evaluation_outcome import evaluated, failed

    if failure is not None:
        return failed(failure, version, root)
    return evaluated(nodes, settings, plan, version, root, trained)


def _run(
    plan: Plan, settings: RunSettings, version: Path, root: Path, log_file: Path, *, debug: bool
) -> "tuple[RunResult | None, Mapping[str, NodeRun]]":
    """Runs the pipeline; gives what went wrong, if anything did, and the nodes."""
    from pipeline.beam_runner import set_runners
    from pipeline.evaluation_pipeline import create_evaluation_pipeline
    from pipeline.lineage import connection_config
    from pipeline.outcome import run_and_describe

    pipeline = create_evaluation_pipeline(
        root=str(root / "tfx"),
        model=str(_at_hand(version, root)),
        **{name: getattr(plan, name) for name in PLANNED},
        metadata_connection_config=connection_config(root / "metadata.sqlite"),
    )
    set_runners(pipeline, settings.beam, here=True)
    return run_and_describe(pipeline, root, log_file, debug=debug)


def _at_hand(version: Path, root: Path) -> Path:
    """A folder that leads to the version as to a Trainer's model, under a name that changes with its content."""
    folder = root / "model" / digest_of(version)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "Format-Serving"
    link.unlink(missing_ok=True)
    link.symlink_to(version)
    return folder


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
