"""What the launcher of Kubeflow Pipelines v2 does in a pod: fetch inputs, run the command, store outputs."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeflow.artifacts import BOX_VARIABLE, SCHEMES

PROJECT = Path(__file__).parents[2]
Json = dict[str, Any]
#: Runs a command in a folder with an environment: its exit code and its log come back.
Start = Callable[[Sequence[str], Path, Mapping[str, str]], tuple[int, str]]


@dataclass(frozen=True)
class Store:
    """The object store: a folder in which every URI has a place.

    Attributes:
        away: Why it does not answer; empty while it does.
    """

    folder: Path
    away: str = ""

    def place(self, uri: str) -> Path:
        """Where an object, or all below a prefix, is kept."""
        return self.folder / local_path(uri).lstrip("/")


def local_path(uri: str) -> str:
    """Where a pod has an artifact: ``minio://bucket/key`` -> ``/minio/bucket/key``."""
    for scheme, folder in SCHEMES.items():
        if uri.startswith(scheme):
            return uri.replace(scheme, folder, 1)
    raise ValueError(f"unsupported storage scheme: {uri}")


@dataclass(frozen=True)
class Ended:
    """How a container ended: its exit code, its log, and what it wrote as its outputs."""

    code: int
    log: str
    output: Json


def in_a_process(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Starts a process and waits for it."""
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


def launch(
    container: Json,
    executor_input: Json,
    pod: Path,
    store: Store,
    environment: Mapping[str, str],
    project: Path = PROJECT,
    start: Start = in_a_process,
) -> Ended:
    """Runs one container to its end.

    Args:
        container: Its specification.
        executor_input: As the driver provisioned it.
        pod: Folder in the place of the pod's root, emptied afterwards.
        store: Where artifacts come from and go to.
        environment: Further variables of the pod.
        project: The code that is in the image.
        start: Runs the command.
    """
    for key, listed in executor_input["inputs"]["artifacts"].items():
        for artifact in listed["artifacts"]:
            if store.away:
                return _not_reached(f'download input artifact "{key}" from', artifact["uri"], store)
            if store.place(artifact["uri"]).exists():  # a prefix without objects is no error of the launcher's
                _copy(store.place(artifact["uri"]), inside(pod, local_path(artifact["uri"])))
    outputs = {key: listed["artifacts"][0] for key, listed in executor_input["outputs"]["artifacts"].items()}
    for artifact in outputs.values():
        inside(pod, local_path(artifact["uri"])).parent.mkdir(parents=True, exist_ok=True)
    for parameter in executor_input["outputs"]["parameters"].values():
        inside(pod, parameter["outputFile"]).parent.mkdir(parents=True, exist_ok=True)
    arguments = [arg.replace("{{$}}", json.dumps(executor_input)) for arg in container["args"]]
    command = [sys.executable if word == "python" else word for word in container["command"]]
    given = {variable["name"]: variable["value"] for variable in container.get("env", [])}
    variables = {**os.environ, **given, **environment, BOX_VARIABLE: str(pod)}
    code, log = start([*command, *arguments], project, variables)
    output: Json = {}
    if code == 0:
        for key, artifact in outputs.items():
            local = inside(pod, local_path(artifact["uri"]))
            if local.exists() and store.away:
                return _not_reached(f'upload output artifact "{key}" to', artifact["uri"], store)
            if local.exists():  # else the launcher warns and goes on
                _copy(local, store.place(artifact["uri"]))
        if (file := inside(pod, executor_input["outputs"]["outputFile"])).exists():
            output = json.loads(file.read_text())
        for key, parameter in executor_input["outputs"]["parameters"].items():
            output.setdefault("parameterValues", {})[key] = inside(pod, parameter["outputFile"]).read_text()
    shutil.rmtree(pod, ignore_errors=True)
    return Ended(code, log, output)


def _not_reached(wanted: str, uri: str, store: Store) -> Ended:
    return Ended(1, f'failed to execute component: failed to {wanted} remote storage URI "{uri}": {store.away}', {})


def inside(pod: Path, path: str) -> Path:
    """A path of a pod, below the folder that stands for the pod's root."""
    return pod / path.lstrip("/")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)
