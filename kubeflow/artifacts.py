"""What KFP's launcher and TFX's executors do not agree upon: types, one output too many, and where artifacts are.

The launcher fetches inputs to ``/minio``, ``/s3`` or ``/gcs`` and stores what it finds there afterwards, but tells the
executor URIs of the store, which TensorFlow and Beam cannot open. It tells no types of inputs, and, from KFP 2.5 on,
wants an artifact ``executor-logs`` that no TFX component knows.
"""

import copy
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.errors import RunError

#: Scheme of the store -> folder under which the launcher has it in a pod.
SCHEMES: Final[Mapping[str, str]] = {"minio://": "/minio/", "s3://": "/s3/", "gs://": "/gcs/"}
#: A folder that is put before those folders, so that tests write nothing to the root of the file system.
BOX_VARIABLE: Final = "KFP_LOCAL_BOX"
#: The mount of a volume that all pods and Beam's workers share; set, artifacts are read and written there.
SHARED_VARIABLE: Final = "CXR_SHARED_FOLDER"
#: The launcher's own output.
LOGS: Final = "executor-logs"
#: What the driver adds to the metadata of inputs, and no TFX type has.
_FOREIGN: Final = ("display_name", "store_session_info")


@dataclass(frozen=True)
class Storage:
    """Where artifacts are in this pod.

    Attributes:
        box: Put before every folder of the launcher's; empty in a pod.
        shared: Mount of the shared volume (*direct*); empty where the launcher copies (*local*).
    """

    box: str = ""
    shared: str = ""

    @classmethod
    def from_environment(cls) -> "Storage":
        """As the two variables of the environment say."""
        return cls(os.environ.get(BOX_VARIABLE, ""), os.environ.get(SHARED_VARIABLE, ""))

    def copied(self, uri: str) -> str:
        """Where the launcher has an artifact: ``minio://bucket/key`` -> ``/minio/bucket/key``."""
        return self.box + _below_root(uri)

    def path(self, uri: str) -> str:
        """Where the executor works on an artifact."""
        return (self.shared or self.box) + _below_root(uri)


def _below_root(uri: str) -> str:
    for scheme, folder in SCHEMES.items():
        if uri.startswith(scheme):
            return folder + uri[len(scheme) :]
    raise RunError(f"artifact {uri} is in no store that Kubeflow Pipelines has; those are {', '.join(SCHEMES)}")


@dataclass(frozen=True)
class Adapted:
    """What TFX's executor is told.

    Attributes:
        executor_input: KFP's ExecutorInput with paths and types.
        uris: Path of an output -> its URI in the store.
    """

    executor_input: dict[str, Any]
    uris: Mapping[str, str]

    @property
    def output_file(self) -> Path:
        """Where the executor says what it has made."""
        return Path(self.executor_input["outputs"]["outputFile"])

    def inputs(self, key: str) -> Path:
        """The folder of an input."""
        return Path(self.executor_input["inputs"]["artifacts"][key]["artifacts"][0]["uri"])

    def outputs(self, key: str) -> Path:
        """The folder of an output."""
        return Path(self.executor_input["outputs"]["artifacts"][key]["artifacts"][0]["uri"])


def adapt(executor_input: Mapping[str, Any], inputs_spec: Mapping[str, Any], storage: Storage) -> Adapted:
    """Gives inputs their types, both their paths, and outputs their folders.

    Args:
        executor_input: KFP's ExecutorInput, as the launcher tells it.
        inputs_spec: The component's ComponentInputsSpec, which has the types.
        storage: Where artifacts are.

    Raises:
        RunError: An input is not there, or the place of an output cannot be written.
    """
    adapted = copy.deepcopy(dict(executor_input))
    for key, artifact in _artifacts(adapted.get("inputs", {})):
        kind = artifact.get("type", {})
        if not kind.get("instanceSchema") and not kind.get("schemaTitle"):
            artifact["type"] = inputs_spec["artifacts"][key]["artifactType"]
        for name in _FOREIGN:
            artifact.get("metadata", {}).pop(name, None)
        artifact["uri"] = _found(key, artifact["uri"], storage)
    outputs = adapted.setdefault("outputs", {})
    outputs.get("artifacts", {}).pop(LOGS, None)
    uris = {}
    for _, artifact in _artifacts(outputs):
        path = storage.path(artifact["uri"])
        uris[path] = artifact["uri"]
        artifact["uri"] = path
        _make(Path(path))
    outputs["outputFile"] = storage.box + outputs["outputFile"]
    _make(Path(outputs["outputFile"]).parent)
    return Adapted(adapted, uris)


def restore(adapted: Adapted) -> None:
    """Puts URIs of the store in the place of paths in what the executor has written for the driver.

    With a path there, the artifact would be registered as one, and the next component would look for it in vain.
    """
    said = json.loads(adapted.output_file.read_text(encoding="utf-8"))
    for _, artifact in _artifacts(said):
        artifact["uri"] = adapted.uris.get(artifact["uri"], artifact["uri"])
    adapted.output_file.write_text(json.dumps(said), encoding="utf-8")


def _artifacts(side: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, listed in side.get("artifacts", {}).items():
        for artifact in listed.get("artifacts", []):
            yield key, artifact


def _found(key: str, uri: str, storage: Storage) -> str:
    """Where an input is; one that an importer brings is never on the shared volume."""
    places = dict.fromkeys((storage.path(uri), storage.copied(uri)))
    try:
        for place in places:
            if Path(place).exists():
                return place
    except OSError as error:  # of a volume whose server does not answer
        raise RunError(
            f"input '{key}' ({uri}) cannot be looked for at {error.filename}: {error.strerror}; see whether the volume "
            "of kubeflow.shared is in reach of this node"
        ) from error
    raise RunError(
        f"input '{key}' ({uri}) is not at {' or '.join(places)}: it was deleted from the store, or the store did not "
        "give it; run again with kubeflow.cache=false, which makes every artifact anew"
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"the folder {folder} cannot be made: {error.strerror}; it needs Kubeflow Pipelines 2.3 or newer, which "
            "mounts a writable folder there, and, with kubeflow.shared, a volume that this pod may write to"
        ) from error
