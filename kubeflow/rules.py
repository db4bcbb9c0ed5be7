"""What an open-source backend refuses, some of it hours into a run: told by name before anything is uploaded."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kubeflow.artifacts import SCHEMES, SHARED_VARIABLE
from pipeline.beam_settings import works_elsewhere
from trainer.errors import UsageError

Document = Mapping[str, Any]

#: Linux takes no longer argument; ``{{$}}`` becomes one, with every parameter in it.
LONGEST_ARGUMENT: Final = 128 * 1024
#: Argo's object holds each container about four times, and etcd takes objects of 1.5 MB.
LARGEST_PIPELINE: Final = 1_500_000 // 4
#: What the driver of Kubeflow Pipelines 2.3 knows of a pod; it refuses all else.
PLATFORM_FIELDS: Final = frozenset(
    {
        *("activeDeadlineSeconds", "emptyDirMounts", "imagePullPolicy", "imagePullSecret", "nodeSelector", "pvcMount"),
        *("secretAsEnv", "tolerations"),
    }
)


def check(spec: Document, platform: Document) -> None:
    """Holds both documents against every rule.

    Raises:
        UsageError: A line for every fault, with the rule's name.
    """
    faults = [f"rule {name}: {fault}" for name, rule in RULES.items() for fault in rule(spec, platform)]
    if faults:
        raise UsageError("\n".join(faults))


def _tasks(spec: Document) -> Mapping[str, Any]:
    tasks: Mapping[str, Any] = spec["root"]["dag"]["tasks"]
    return tasks


def _executors(spec: Document) -> Mapping[str, Any]:
    executors: Mapping[str, Any] = spec["deploymentSpec"]["executors"]
    return executors


def _containers(spec: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for label, executor in _executors(spec).items():
        if "container" in executor:
            yield label, executor["container"]


def _schema_version(spec: Document, platform: Document) -> Iterator[str]:
    if spec["schemaVersion"] != "2.1.0":
        yield f"the schema is {spec['schemaVersion']}; backends take 2.1.0 alone"


def _pipeline_name(spec: Document, platform: Document) -> Iterator[str]:
    name = spec["pipelineInfo"]["name"]
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,127}", name):
        yield f"the pipeline's name is '{name}'; lower-case letters, digits and '-' are allowed, 128 at most"


def _task_name(spec: Document, platform: Document) -> Iterator[str]:
    for name in _tasks(spec):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
            yield f"component '{name}' becomes the name of an Argo task: letters, digits and '-', a letter first"


def _pipeline_root(spec: Document, platform: Document) -> Iterator[str]:
    root = spec["defaultPipelineRoot"]
    if not root.startswith(tuple(SCHEMES)) or root.endswith("/"):
        yield (
            f"kubeflow.pipeline_root is '{root}'; it begins with {', '.join(SCHEMES)} and ends in no slash. "
            "A volume cannot be one; kubeflow.shared keeps artifacts on a volume"
        )


def _executor_kind(spec: Document, platform: Document) -> Iterator[str]:
    for label, executor in _executors(spec).items():
        if not set(executor) <= {"container", "importer"}:
            yield f"{label} is of the kind {', '.join(executor)}; backends run containers and importers"
    for name, component in spec["components"].items():
        if "resolver" in json.dumps(component).lower():
            yield f"component {name} has a resolver, which no open-source backend runs"


def _driver(spec: Document, platform: Document) -> Iterator[str]:
    for label, container in _containers(spec):
        if "lifecycle" in container:
            yield (
                f"{label} has a driver, as TFX's own ExampleGens have, which no open-source backend runs: without it a "
                "changed file would be taken from the cache. XrayExampleGen needs none"
            )


def _known_producer(spec: Document, platform: Document) -> Iterator[str]:
    for name, task in _tasks(spec).items():
        for producer in re.findall(r'"producerTask": "([^"]*)"', json.dumps(task)):
            if producer not in _tasks(spec):
                yield f"{name} takes an input from '{producer}', which is no task"


def _image(spec: Document, platform: Document) -> Iterator[str]:
    for image in dict.fromkeys(container["image"] for _, container in _containers(spec)):
        last = image.rpartition("/")[2]
        if not re.fullmatch(r"[a-z0-9._-]+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?", last) or not {":", "@"} & set(last):
            yield f"the image is '{image}', without a tag; give it one, since a cache key holds it: --image NAME:TAG"
        elif last.endswith(":latest"):
            yield f"the image is '{image}'; 'latest' is another image tomorrow under the same cache key. Give it a tag"


def _compile_host(spec: Document, platform: Document) -> Iterator[str]:
    for name, task in _tasks(spec).items():
        parameters = task.get("inputs", {}).get("parameters", {})
        if "module_file" in parameters or "/" in json.dumps(parameters.get("module_path", "")):  # or a dotted name
            yield f"{name} has a module file, a path of the machine that compiles; name a function of the image"
        if ".whl" in json.dumps(task):
            yield f"{name} names a wheel, which pods do not have"


def _gpu(spec: Document, platform: Document) -> Iterator[str]:
    for label, container in _containers(spec):
        accelerator = container.get("resources", {}).get("accelerator")
        if accelerator and (accelerator["type"] != "nvidia.com/gpu" or int(accelerator["count"]) < 1):
            yield f"{label} asks for {accelerator['count']} {accelerator['type']}; Kubernetes knows nvidia.com/gpu"


def _argument_size(spec: Document, platform: Document) -> Iterator[str]:
    defaults = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, task in _tasks(spec).items():
        values = [
            value["runtimeValue"]["constant"] if "runtimeValue" in value
            else defaults.get(value.get("componentInputParameter"), {}).get("defaultValue", "")
            for value in task.get("inputs", {}).get("parameters", {}).values()
        ]  # fmt: skip
        args = _executors(spec).get(f"{name}_executor", {}).get("container", {}).get("args", [])
        longest = max(len(json.dumps(values).encode()), *(len(arg.encode()) for arg in args), 0)
        if longest > LONGEST_ARGUMENT:
            yield f"{name} gets an argument of {longest} bytes, and Linux takes {LONGEST_ARGUMENT}; shorten settings"
    size = len(json.dumps(spec).encode())
    if size > LARGEST_PIPELINE:
        yield f"the pipeline has {size} bytes; from {LARGEST_PIPELINE} on Kubernetes may not keep it"


def _beam_workers(spec: Document, platform: Document) -> Iterator[str]:
    for label, container in _containers(spec):
        if "--direct_num_workers=0" in container["args"]:
            yield f"{label} would start a process of Beam for each core of the node, not of the pod; give a number"


def _beam_storage(spec: Document, platform: Document) -> Iterator[str]:
    for label, container in _containers(spec):
        runners = [arg.removeprefix("--runner=") for arg in container["args"] if arg.startswith("--runner=")]
        shared = SHARED_VARIABLE in {variable["name"] for variable in container.get("env", ())}
        if runners and works_elsewhere(runners[-1]) and not shared:
            yield (
                f"{label} runs Beam on {runners[-1]}, whose workers cannot see the inside of a pod; name a volume that "
                "they mount too at the same place: kubeflow.shared"
            )


def _beam_job_server(spec: Document, platform: Document) -> Iterator[str]:
    for label, container in _containers(spec):
        names = {arg.removeprefix("--").partition("=")[0] for arg in container["args"]}
        runners = [arg.partition("=")[2].rpartition(".")[2] for arg in container["args"] if arg.startswith("--runner=")]
        if not runners or "job_endpoint" in names:
            continue
        if runners[-1] == "FlinkRunner" and "flink_submit_uber_jar" not in names:
            yield f"{label} would start a job server with Java, which the image has not: add --flink_submit_uber_jar"
        if runners[-1] == "SparkRunner":
            yield (
                f"{label} would start a job server with Java, which the image has not, or hand Spark the path of a "
                "file in its own /tmp; name a job server that runs already: --job_endpoint=HOST:8099"
            )


def _braces(spec: Document, platform: Document) -> Iterator[str]:
    parameters = {name: task.get("inputs", {}).get("parameters", {}) for name, task in _tasks(spec).items()}
    places = {"the run parameters": spec["root"].get("inputDefinitions", {}), **parameters}
    for label, container in _containers(spec):
        places[label] = [arg for arg in container["args"] if arg != "{{$}}"]
    for place, held in places.items():
        if "{{" in json.dumps(held).replace('{"', '"'):
            yield f"{place} has a setting with '{{{{' in it, which Argo takes for a template; write it otherwise"


def _platform(spec: Document, platform: Document) -> Iterator[str]:
    for label, executor in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].items():
        if label not in _executors(spec):
            yield f"pods of {label} are described, and there is no such executor"
        for name in sorted(set(executor) - PLATFORM_FIELDS):
            yield f"{label} has {name}, which Kubeflow Pipelines 2.3 does not know and refuses"


def _mounts(spec: Document, platform: Document) -> Iterator[str]:
    for label, executor in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].items():
        paths = [mount["mountPath"] for mount in (*executor.get("pvcMount", ()), *executor.get("emptyDirMounts", ()))]
        for path, count in Counter(paths).items():
            if count > 1:
                yield f"{label} has {count} volumes at {path} (data.root, kubeflow.*.mount); give each its own"
            if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", path):
                yield f"{label} has a volume at '{path}', which is no absolute path of a pod (data.root)"
            if f"{path}/".startswith(tuple(SCHEMES.values())):
                yield f"{label} has a volume at {path}, where Kubeflow's launcher keeps copies of artifacts"


Rule = Callable[[Document, Document], Iterator[str]]

RULES: Final[Mapping[str, Rule]] = {
    "schema-version": _schema_version,
    "pipeline-name": _pipeline_name,
    "task-name": _task_name,
    "pipeline-root": _pipeline_root,
    "executor-kind": _executor_kind,
    "driver": _driver,
    "known-producer": _known_producer,
    "image": _image,
    "compile-host": _compile_host,
    "gpu": _gpu,
    "argument-size": _argument_size,
    "beam-workers": _beam_workers,
    "beam-storage": _beam_storage,
    "beam-job-server": _beam_job_server,
    "braces": _braces,
    "platform": _platform,
    "mounts": _mounts,
}
