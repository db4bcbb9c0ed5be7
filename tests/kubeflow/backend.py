"""Runs a compiled pipeline as the open-source backend would, each task in a process of its own, without a cluster."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tests.kubeflow.driver import Artifact, Driver
from tests.kubeflow.launcher import Ended, Store, launch

Json = dict[str, Any]
Launch = Callable[[Json, Json, Path, Store, Mapping[str, str]], Ended]


@dataclass
class Task:
    """How a task ended: ``succeeded``, ``cached``, ``failed`` or ``skipped``."""

    state: str
    log: str = ""
    seconds: float = 0.0
    outputs: dict[str, Artifact] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass
class Backend:
    """A cluster: a store of objects, the metadata of all runs, secrets and claims.

    Attributes:
        folder: For everything.
        secrets: Name -> key -> value.
        claims: Names of the persistent volume claims that there are.
        version: Of Kubeflow Pipelines.
        launch: Runs a container.
        away: Why the store does not answer; empty while it does.
    """

    folder: Path
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    version: tuple[int, int] = (2, 14)
    launch: Launch = launch
    away: str = ""
    artifacts: list[Artifact] = field(default_factory=list)
    cache: dict[str, Task] = field(default_factory=dict)
    runs: int = 0

    @property
    def store(self) -> Store:
        """The object store."""
        return Store(self.folder / "store", self.away)

    def run(self, file: Path, parameters: Mapping[str, Any], at_once: int = 2) -> dict[str, Task]:
        """Runs a compiled pipeline. Once a task has failed no other starts (Argo's failFast, which Kubeflow leaves on).

        Args:
            file: With both documents.
            parameters: Of the run.
            at_once: Tasks that may run at the same time.

        Returns:
            Every task, in the order in which they ended.
        """
        spec, *platform = yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        executors = platform[0]["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if platform else {}
        if spec["schemaVersion"] != "2.1.0":
            raise ValueError(f"KFP only supports schema version 2.1.0, but the spec has {spec['schemaVersion']}")
        self.runs += 1
        driver = Driver(spec, self.version, f"run-{self.runs}", parameters)
        tasks = spec["root"]["dag"]["tasks"]
        waiting = {name: _producers(task) for name, task in tasks.items()}
        if unknown := set().union(*waiting.values()) - set(tasks):
            raise ValueError(f"unknown producer task: {', '.join(unknown)}")
        ended: dict[str, Task] = {}
        running: dict[Future[Task], str] = {}
        with ThreadPoolExecutor(at_once) as pool:
            while waiting or running:
                if any(task.state == "failed" for task in ended.values()):
                    ended |= {name: Task("skipped") for name in waiting}
                    waiting = {}
                for name in [name for name, producers in waiting.items() if producers <= set(ended)]:
                    if len(running) < at_once:
                        running[pool.submit(self._task, driver, name, dict(ended), executors)] = name
                        del waiting[name]
                if running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        ended[running.pop(future)] = future.result()
        return ended

    def _task(self, driver: Driver, name: str, ended: Mapping[str, Task], executors: Json) -> Task:
        task = driver.spec["root"]["dag"]["tasks"][name]
        label = driver.spec["components"][task["componentRef"]["name"]]["executorLabel"]
        executor = driver.spec["deploymentSpec"]["executors"][label]
        if "importer" in executor:
            return Task("succeeded", outputs=self._import(executor["importer"], driver, task))
        if "container" not in executor:
            raise ValueError("non-container and non-importer executor not implemented")
        executor_input = driver.executor_input(
            name,
            {task: done.outputs for task, done in ended.items()},
            {task: done.parameters for task, done in ended.items()},
        )
        fingerprint = driver.fingerprint(name, executor_input)
        cached = task.get("cachingOptions", {}).get("enableCache", False)
        if cached and fingerprint in self.cache:
            return replace(self.cache[fingerprint], state="cached", log="", seconds=0.0)
        began = time.monotonic()
        environment = self._environment(executors.get(label, {}))
        pod = self.folder / "pods" / f"{driver.run}-{name}"
        result = self.launch(executor["container"], executor_input, pod, self.store, environment)
        seconds = time.monotonic() - began
        if result.code:
            return Task("failed", result.log, seconds)
        outputs = self._publish(executor_input, result.output)
        done = Task("succeeded", result.log, seconds, outputs, result.output.get("parameterValues", {}))
        if cached:
            self.cache[fingerprint] = done
        return done

    def _environment(self, pod: Json) -> dict[str, str]:
        """The variables from secrets; a claim or a secret that is not there keeps a pod from starting."""
        for mount in pod.get("pvcMount", ()):
            if mount["constant"] not in self.claims:
                raise ValueError(f'persistentvolumeclaim "{mount["constant"]}" not found')
        return {
            variable["envVar"]: self.secrets[secret["secretName"]][variable["secretKey"]]
            for secret in pod.get("secretAsEnv", ())
            for variable in secret["keyToEnv"]
        }

    def _publish(self, executor_input: Json, output: Json) -> dict[str, Artifact]:
        published = {}
        for key, listed in executor_input["outputs"]["artifacts"].items():
            (provisioned,) = listed["artifacts"]
            said = output.get("artifacts", {}).get(key, {}).get("artifacts", [{}])[0]
            published[key] = self._register(
                said.get("uri", provisioned["uri"]), provisioned["type"], said.get("metadata", {})
            )
        return published

    def _import(self, importer: Json, driver: Driver, task: Json) -> dict[str, Artifact]:
        given = importer["artifactUri"]
        if "runtimeParameter" in given:
            value = task["inputs"]["parameters"][given["runtimeParameter"]]
            given = value["runtimeValue"] if "runtimeValue" in value else {
                "constant": driver.parameters[value["componentInputParameter"]]
            }  # fmt: skip
        return {"result": self._register(given["constant"], importer["typeSchema"], importer.get("metadata", {}))}

    def _register(self, uri: str, kind: Json, metadata: Json) -> Artifact:
        artifact = Artifact(len(self.artifacts) + 1, uri, kind, metadata)
        self.artifacts.append(artifact)
        return artifact


def _producers(task: Json) -> set[str]:
    inputs = task.get("inputs", {})
    sources = [
        value.get("taskOutputArtifact") or value.get("taskOutputParameter")
        for side in ("artifacts", "parameters")
        for value in inputs.get(side, {}).values()
    ]
    return {source["producerTask"] for source in sources if source} | set(task.get("dependentTasks", ()))
