"""What only a pod can know: this run's parameters, which model is served, the key of the pseudonyms, the time.

On one machine the runner gathers all that before the pipeline is made. Here the pipeline was made elsewhere, perhaps
months ago, and the pod's entry point completes what a component is told.
"""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from components.data_audit.baseline import find_baseline
from components.manifest_gen.key import KEY_VARIABLE, key_from_environment
from components.manifest_gen.settings import DataSettings
from components.score.served_model import find_served
from kubeflow.artifacts import Adapted
from kubeflow.parameters import RUN_PARAMETERS, read_parameter
from pipeline.digests import sha256_of
from pipeline.films import key_id
from trainer.errors import UsageError
from trainer.settings import ThresholdSettings, TrainerSettings
from trainer.tuner_settings import Search, check_search, networks, search_of

#: Beside Score's predictions: which model it has asked. ReleaseGate judges by that one, whatever was pushed meanwhile.
ASKED_FILE: Final = "served_model.json"
#: Of the data settings, what the schema, the metrics and the audit were compiled for.
COMPILED: Final = ("classes", "positive", "findings", "views", "duplicates")


@dataclass(frozen=True)
class Told:
    """What the compiler tells the entry point beside the component's parameters.

    Attributes:
        node: Id of the component.
        gpus: GPUs that its pod asks for.
        model_folder: Folder that TF Serving watches; empty for a component that does not look there.
        plan_digest: Of all that a candidate is made from and that the run's parameters do not say.
        data_settings: As they were compiled; empty for a component that does not check them.
        schema: The schema's text; empty for all but the component that imports it.
    """

    node: str
    gpus: int = 0
    model_folder: str = ""
    plan_digest: str = ""
    data_settings: str = ""
    schema: str = ""


@dataclass
class Pod:
    """One component in its pod.

    Attributes:
        told: By the compiler.
        adapted: What it works on.
        parameters: Of the component, completed in place.
        run: The run's parameters that the component is told, checked.
        texts: The same as they came.
        networks: The settings with each backbone that the component may build.
    """

    told: Told
    adapted: Adapted
    parameters: dict[str, Any]
    run: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    networks: tuple[TrainerSettings, ...] = ()


def complete(told: Told, adapted: Adapted) -> tuple[TrainerSettings, ...]:
    """Completes the parameters that a component is told, in the ExecutorInput.

    Returns:
        The settings with each backbone that the component may build, whose weights must therefore be there.

    Raises:
        UsageError: A run parameter is faulty, or is not what the pipeline was compiled for.
    """
    parameters = adapted.executor_input["inputs"].setdefault("parameterValues", {})
    pod = Pod(told, adapted, parameters)
    for name, parameter in RUN_PARAMETERS.items():
        if told.node in parameter.nodes:
            pod.texts[name] = parameters[name]
            pod.run[name] = read_parameter(name, parameters[name])
    if complete_node := _NODES.get(told.node):
        complete_node(pod)
    for name in set(pod.texts) - _OWN.get(told.node, set()):
        del parameters[name]
    return pod.networks


def _manifest_gen(pod: Pod) -> None:
    data, compiled = pod.run["data_settings"], DataSettings.model_validate_json(pod.told.data_settings)
    faults = [name for name in COMPILED if getattr(data, name) != getattr(compiled, name)]
    if [(s.name, s.kind, s.names_patients) for s in data.sources] != [
        (s.name, s.kind, s.names_patients) for s in compiled.sources
    ]:
        faults.append("sources")
    if faults:
        raise UsageError(
            f"data_settings: {', '.join(faults)} differ from what this pipeline was compiled for; compile it with the "
            "new settings (cxr compile), since the schema, the metrics and the audit depend on them"
        )
    if not Path(data.root or "").is_dir():
        raise UsageError(f"data_settings.root is {data.root}, which is no folder in this pod; mount the films there")
    named, given = pod.parameters["key_id"], key_id(key_from_environment().decode())
    if named and named != given:
        raise UsageError(
            f"the key in {KEY_VARIABLE} is not the one that the pipeline was compiled with (its fingerprint is "
            f"{given}, not {named}); mount the secret with that key, or compile again with the new one set"
        )


def _import_schema_gen(pod: Pod) -> None:
    folder = Path(tempfile.mkdtemp())
    file = folder / "schema.pbtxt"
    file.write_text(pod.told.schema, encoding="utf-8")
    pod.parameters["schema_file"] = str(file)


def _data_audit(pod: Pod) -> None:
    baseline = find_baseline(Path(pod.told.model_folder), pod.run["data_digest"])
    pod.parameters["baseline"] = baseline.model_dump_json() if baseline else ""


def _tuner(pod: Pod) -> None:
    config = json.loads(pod.parameters["custom_config"])
    search = Search.model_validate_json(config["search"])
    trainer = pod.run["trainer_settings"]
    try:
        check_search(trainer, search.tuner)
    except ValueError as error:
        raise UsageError(f"trainer_settings: {error}") from error
    again = search_of(trainer, search.tuner, ThresholdSettings(calibration=search.calibration))
    _configure(pod, search=again.model_dump_json())
    pod.networks = networks(trainer, search.tuner)  # what the Trainer will be told too: hours later it would say so


def _trainer(pod: Pod) -> None:
    _configure(pod, trainer=pod.texts["trainer_settings"])
    if "hyperparameters" not in pod.adapted.executor_input["inputs"].get("artifacts", {}):  # else the Tuner has asked
        pod.networks = (pod.run["trainer_settings"],)


def _configure(pod: Pod, **values: str) -> None:
    config = json.loads(pod.parameters["custom_config"])
    pod.parameters["custom_config"] = json.dumps({**config, **values, "data_digest": pod.run["data_digest"]})


def _score(pod: Pod) -> None:
    served = find_served(Path(pod.told.model_folder), _plan_digest(pod))
    pod.parameters["served"] = served.model_dump_json() if served else ""
    (pod.adapted.outputs("predictions") / ASKED_FILE).write_text(pod.parameters["served"], encoding="utf-8")


def _shortcut_audit(pod: Pod) -> None:
    pod.parameters["max_auc"] = pod.run["gate_settings"].max_masked_auc


def _release_gate(pod: Pod) -> None:
    pod.parameters["served"] = (pod.adapted.inputs("predictions") / ASKED_FILE).read_text(encoding="utf-8")


def _pusher(pod: Pod) -> None:
    pod.parameters["plan_digest"] = _plan_digest(pod)
    pod.parameters["key_id"] = key_id(key_from_environment().decode())
    pod.parameters["version"] = int(time.time())


def _plan_digest(pod: Pod) -> str:
    """Of all that a candidate of this run is made from."""
    said = [pod.texts[name] for name in ("data_settings", "trainer_settings", "data_digest")]
    return sha256_of(*(text.encode() for text in (pod.told.plan_digest, *said)))


_NODES: Final[Mapping[str, Callable[[Pod], None]]] = {
    "ManifestGen": _manifest_gen,
    "ImportSchemaGen": _import_schema_gen,
    "DataAudit": _data_audit,
    "Tuner": _tuner,
    "Trainer": _trainer,
    "Score": _score,
    "ShortcutAudit": _shortcut_audit,
    "ReleaseGate": _release_gate,
    "Pusher": _pusher,
}
#: Run parameters that are the component's own too; others it does not know and must not be told.
_OWN: Final[Mapping[str, set[str]]] = {
    "ManifestGen": {"data_settings", "data_digest"},
    "DataGate": {"gate_settings"},
    "ReleaseGate": {"gate_settings"},
    "DataReport": set(RUN_PARAMETERS),
    "Report": set(RUN_PARAMETERS),
}
