"""What the driver of Kubeflow Pipelines v2 does before a pod starts: inputs, outputs, and whether the cache has them.

Follows backend/src/v2/driver and cacheutils of kubeflow/pipelines, 2.3 to 2.17.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: From here on an output ``executor-logs`` is added to every task, and the file of outputs lies beside them.
PUBLISHES_LOGS = (2, 5)
OUTPUT_FILE_BESIDE = (2, 15)

Json = dict[str, Any]


@dataclass
class Artifact:
    """An artifact as ML Metadata has it."""

    id: int
    uri: str
    type: Json
    metadata: Json


@dataclass(frozen=True)
class Driver:
    """Provisions the tasks of one run."""

    spec: Json
    version: tuple[int, int]
    run: str
    parameters: Mapping[str, Any]

    def executor_input(
        self,
        name: str,
        made: Mapping[str, Mapping[str, Artifact]],
        said: Mapping[str, Mapping[str, Any]],
    ) -> Json:
        """The ExecutorInput of a task.

        Args:
            name: Of the task.
            made: Task -> output -> artifact, of the tasks that are done.
            said: Likewise, task -> output -> parameter.
        """
        task = self.spec["root"]["dag"]["tasks"][name]
        component = self.spec["components"][task["componentRef"]["name"]]
        inputs = task.get("inputs", {})
        outputs = {
            key: {"artifacts": [{"uri": f"{self.folder(name)}/{key}", "type": output["artifactType"], "metadata": {}}]}
            for key, output in component.get("outputDefinitions", {}).get("artifacts", {}).items()
        }
        if self.version >= PUBLISHES_LOGS:
            logs = {"uri": f"{self.folder(name)}/executor-logs", "type": {"schemaTitle": "system.Artifact"}}
            outputs["executor-logs"] = {"artifacts": [{**logs, "metadata": {}}]}
        return {
            "inputs": {
                "parameterValues": {
                    key: self._parameter(key, value, component, said)
                    for key, value in inputs.get("parameters", {}).items()
                },
                "artifacts": {key: _input(value, made) for key, value in inputs.get("artifacts", {}).items()},
            },
            "outputs": {
                "artifacts": outputs,
                "parameters": {
                    key: {"outputFile": f"/tmp/kfp/outputs/{key}"}
                    for key in component.get("outputDefinitions", {}).get("parameters", {})
                },
                "outputFile": self._output_file(name),
            },
        }

    def folder(self, name: str) -> str:
        """The URI below which a task's outputs are."""
        place = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.run}/{name}")
        return f"{self.spec['defaultPipelineRoot']}/{self.spec['pipelineInfo']['name']}/{self.run}/{name}/{place}"

    def _output_file(self, name: str) -> str:
        if self.version < OUTPUT_FILE_BESIDE:
            return "/tmp/kfp_outputs/output_metadata.json"
        scheme, _, rest = self.folder(name).partition("://")
        return f"/{ {'gs': 'gcs'}.get(scheme, scheme) }/{rest}/output_metadata.json"

    def _parameter(self, key: str, value: Json, component: Json, said: Mapping[str, Mapping[str, Any]]) -> Any:
        if "runtimeValue" in value:
            given = value["runtimeValue"]["constant"]
        elif source := value.get("taskOutputParameter"):
            given = said[source["producerTask"]][source["outputParameterKey"]]
        else:
            root = value["componentInputParameter"]
            definition = self.spec["root"]["inputDefinitions"]["parameters"][root]
            if root not in self.parameters and "defaultValue" not in definition:
                raise ValueError(f"parameter {root} has neither a value nor a default")
            given = self.parameters.get(root, definition.get("defaultValue"))
        kind = component["inputDefinitions"]["parameters"][key]["parameterType"]
        return float(given) if kind.startswith("NUMBER") else given

    def fingerprint(self, name: str, executor_input: Json) -> str:
        """The key under which the cache has the outputs of a task."""
        task = self.spec["root"]["dag"]["tasks"][name]
        component = self.spec["components"][task["componentRef"]["name"]]
        container = self.spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
        inputs, outputs = executor_input["inputs"], executor_input["outputs"]
        key = {
            "pipeline": self.spec["pipelineInfo"]["name"],
            "inputArtifactNames": {
                key: [artifact["name"] for artifact in listed["artifacts"]]
                for key, listed in inputs["artifacts"].items()
            },
            "inputParameterValues": inputs["parameterValues"],
            "outputArtifactsSpec": {
                key: {**listed["artifacts"][0], "uri": ""} for key, listed in outputs["artifacts"].items()
            },
            "outputParametersSpec": component.get("outputDefinitions", {}).get("parameters", {}),
            "image": container["image"],
            "cmdArgs": [*container["command"], *container["args"]],
            "env": container.get("env", []),
        }
        return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


def _input(value: Json, made: Mapping[str, Mapping[str, Artifact]]) -> Json:
    source = value["taskOutputArtifact"]
    artifact = made[source["producerTask"]][source["outputArtifactKey"]]
    metadata = {**artifact.metadata, "display_name": source["outputArtifactKey"], "store_session_info": "{}"}
    return {
        "artifacts": [
            # No type: "Schema: "", // TODO figure out how to get schema"
            {"name": str(artifact.id), "uri": artifact.uri, "type": {"instanceSchema": ""}, "metadata": metadata}
        ]
    }
