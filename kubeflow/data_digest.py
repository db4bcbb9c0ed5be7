"""DataDigest: the first node on Kubeflow, which looks at the start of every run what the films are.

On one machine the runner does that before the pipeline begins. A run that Kubeflow starts by itself has no such runner,
and with the digest of the day on which it was submitted it would take everything from the cache, whatever films came.
It is no component of TFX: their outputs are artifacts, made anew in every run, and the cache knows one from another by
its id. A parameter it knows by its value.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kubeflow.artifacts import Storage
from kubeflow.parameters import AUTO, read_parameter
from pipeline.digests import data_digest
from pipeline.runtime import LOGGER
from trainer.errors import RunError, UsageError

NODE: Final = "DataDigest"
_PARAMETER: Final = "data_digest"


def add_node(spec: dict[str, Any], image: str, command: Sequence[str]) -> None:
    """Adds the node to a compiled specification; the run's parameters come to it as to all others."""
    text = {"parameterType": "STRING"}
    spec["components"][NODE] = {
        "executorLabel": f"{NODE}_executor",
        "inputDefinitions": {"parameters": {}},
        "outputDefinitions": {"parameters": {_PARAMETER: text}},
    }
    spec["deploymentSpec"]["executors"][f"{NODE}_executor"] = {
        "container": {
            "image": image,
            "command": list(command),
            "args": ["--json_serialized_invocation_args", "{{$}}"],
        }
    }
    spec["root"]["dag"]["tasks"][NODE] = {"componentRef": {"name": NODE}, "taskInfo": {"name": NODE}, "inputs": {}}


def tell(tasks: Mapping[str, dict[str, Any]]) -> None:
    """Has every other task that hears the run's ``data_digest`` hear what DataDigest makes of it."""
    made = {"taskOutputParameter": {"outputParameterKey": _PARAMETER, "producerTask": NODE}}
    for name, task in tasks.items():
        parameters = task.get("inputs", {}).get("parameters", {})
        if name != NODE and _PARAMETER in parameters:
            parameters[_PARAMETER] = made
            task["dependentTasks"] = sorted({*task.get("dependentTasks", ()), NODE})  # Argo goes by these


def write_digest(executor_input: Mapping[str, Any], storage: Storage) -> None:
    """What the pod does: hands on the name that the films were given, or names them by their bytes and places.

    Args:
        executor_input: KFP's ExecutorInput, as the launcher tells it.
        storage: Whose box is put before the place of the output.

    Raises:
        UsageError: A run parameter is faulty, or the films are not mounted.
        SourceError: The folder of a source is missing.
        RunError: The place of the output cannot be written.
    """
    told = executor_input["inputs"]["parameterValues"]
    data, digest = (read_parameter(name, told[name]) for name in ("data_settings", _PARAMETER))
    if digest == AUTO:
        if not Path(data.root or "").is_dir():
            raise UsageError(
                f"data_settings.root is {data.root}, which is no folder in this pod; mount the films there"
            )
        with tempfile.TemporaryDirectory() as folder:
            digest = data_digest(data, Path(folder, "digests.json"))
    LOGGER.info("data_digest %s", digest)
    file = Path(storage.box + executor_input["outputs"]["parameters"][_PARAMETER]["outputFile"])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(digest, encoding="utf-8")
    except OSError as error:
        raise RunError(f"{file} cannot be written: {error.strerror}") from error
