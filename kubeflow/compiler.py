"""Compiles the pipeline into the file that Kubeflow Pipelines v2 runs."""

import dataclasses
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig
from tfx.orchestration.pipeline import Pipeline

from components.manifest_gen.key import KEY_VARIABLE
from kubeflow import data_digest
from kubeflow.artifacts import SHARED_VARIABLE
from kubeflow.documents import PIPELINE_NAME, Spec, dump
from kubeflow.parameters import AUTO, RUN_PARAMETERS
from kubeflow.platform import READ_SERVED, platform_of
from kubeflow.report import ReportNode
from kubeflow.report_executor import MADE_BY, OF_DATA
from kubeflow.rules import check
from pipeline.beam_check import check_beam
from pipeline.beam_runner import set_runners
from pipeline.beam_settings import BeamSettings
from pipeline.definition import create_pipeline
from pipeline.digests import sha256_of
from pipeline.films import key_id
from pipeline.plan import Plan, make_plan
from pipeline.settings import RunSettings
from trainer.backbone_check import check_backbone
from trainer.errors import UsageError
from trainer.model import check_image_size
from trainer.tuner_settings import networks

COMMAND: Final = ("python", "-m", "kubeflow.entrypoint")
#: Weights that need no file.
_NAMED_WEIGHTS: Final = ("imagenet", "random")


def compile_pipeline(settings: RunSettings, output: Path, image: str = "") -> None:
    """Writes the pipeline for Kubeflow: a specification of schema 2.1.0, and what Kubernetes is to give its pods.

    Args:
        settings: All settings.
        output: File to write; its name ends in ``.yaml``, as the Kubeflow client wants it.
        image: Container image that holds this project; empty for that of the settings.

    Raises:
        UsageError: The settings would compile into what a backend refuses, each with the name of the rule.
    """
    if output.suffix not in (".yaml", ".yml"):
        raise UsageError(f"output {output} does not end in .yaml; the Kubeflow client takes no other file")
    documents = compile_documents(settings, image)
    draft = output.with_name(f".{output.name}")
    try:
        draft.write_text("# Made by cxr compile\n" + dump(*documents), encoding="utf-8")
        draft.replace(output)
    except OSError as error:
        raise UsageError(f"output {output} cannot be written: {error.strerror}; name another with --output") from error


def compile_documents(settings: RunSettings, image: str = "") -> tuple[Spec, Spec]:
    """The two documents of the file: the specification, and what Kubernetes is to give the pods.

    Raises:
        UsageError: As :func:`compile_pipeline` says.
    """
    cluster = settings.kubeflow
    image = image or cluster.image
    if not image:
        raise UsageError("kubeflow.image is not set; name the image that holds this project with --image NAME:TAG")
    if settings.data.root is None:
        raise UsageError(
            "data.root is not set; name the folder under which the pods find the films, for instance "
            "--set data.root=/films"
        )
    if settings.beam != BeamSettings():
        check_beam(settings.beam)
    for network in networks(settings.trainer, settings.tuner):
        check_image_size(network.backbone, settings.data.image_size)
        if network.weights in _NAMED_WEIGHTS or Path(network.weights).is_file():  # else a file that only pods see
            check_backbone(network, settings.data.image_size)
    key = os.environ.get(KEY_VARIABLE, "")
    plan = make_plan(settings, digest_of_data="", key_id=key_id(key) if key else "")
    model_folder = f"{cluster.serving.mount}/{settings.serving.model_name}"
    config = KubeflowV2DagRunnerConfig(
        default_image=image,
        default_commands=list(COMMAND),
        use_pipeline_spec_2_1=True,  # TFX's own default, 2.0, is refused by every open-source backend
    )
    job = KubeflowV2DagRunner(config=config).run(_pipeline(settings, plan, model_folder), write_out=False)
    spec: Spec = job["pipelineSpec"]
    spec["defaultPipelineRoot"] = cluster.pipeline_root
    data_digest.add_node(spec, image, COMMAND)
    _add_run_parameters(spec, plan)
    for node, task in spec["root"]["dag"]["tasks"].items():
        container = spec["deploymentSpec"]["executors"][f"{node}_executor"]["container"]
        container["args"] = [*_told(node, settings, plan, model_folder), *container["args"]]
        container["resources"] = _resources(node, settings)
        if cluster.shared:
            container["env"] = [{"name": SHARED_VARIABLE, "value": cluster.shared.mount}]
        task["cachingOptions"] = {"enableCache": cluster.cache and node not in _uncached(settings, plan)}
    platform = platform_of(settings, list(spec["root"]["dag"]["tasks"]))
    check(spec, platform)
    return spec, platform


def _pipeline(settings: RunSettings, plan: Plan, model_folder: str) -> Pipeline:
    """The one pipeline, with a report before DataGate and one at its end."""
    cluster = settings.kubeflow
    pipeline = create_pipeline(
        name=PIPELINE_NAME,
        root=cluster.pipeline_root,
        **{field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)},
        schema_file=f"schema-{sha256_of(plan.schema.encode())[:16]}.pbtxt",  # a cache key; the entry point writes it
        checkpoint_dir=cluster.checkpoints.mount if cluster.checkpoints else "/tmp/cxr-checkpoints",
        model_folder=model_folder,
        version=0,  # the pod's clock says when it is pushed
    )
    nodes = {component.id: component for component in pipeline.components}
    set_runners(pipeline, settings.beam)

    def report(node: str, inputs: Collection[str]) -> ReportNode:
        made_by = {key: MADE_BY[key] for key in inputs}
        return ReportNode(
            node,
            {key: nodes[maker].outputs[output] for key, (maker, output) in made_by.items() if maker in nodes},
            settings=settings.model_dump_json(exclude={"kubeflow"}),
            data_settings=plan.data_settings,
            trainer_settings=plan.trainer_settings,
            gate_settings=plan.gate_settings,
            data_digest=plan.data_digest,
            digests=json.dumps(dict(plan.code)),
            model_folder=model_folder,
        )

    with pipeline.dsl_context_registry.temporary_mutable():  # TFX refuses a node that came after the pipeline
        reports = [report("DataReport", OF_DATA), report("Report", MADE_BY)]
        nodes["DataGate"].add_upstream_node(reports[0])  # once a component has failed, Kubeflow starts no other
        for node in reports:
            pipeline.dsl_context_registry.put_node(node)
    pipeline.components = [*pipeline.components, *reports]
    return pipeline


def _add_run_parameters(spec: Spec, plan: Plan) -> None:
    """Lets whoever starts a run say what RUN_PARAMETERS has. What names the films comes to the others by DataDigest."""
    inputs = {}
    for name, parameter in RUN_PARAMETERS.items():
        inputs[name] = {"parameterType": "STRING", "description": parameter.description}
        inputs[name]["defaultValue"] = AUTO if parameter.model is None else getattr(plan, name)
        for node in parameter.nodes:
            if task := spec["root"]["dag"]["tasks"].get(node):
                definitions = spec["components"][node]["inputDefinitions"].setdefault("parameters", {})
                definitions[name] = {"parameterType": "STRING"}
                task["inputs"].setdefault("parameters", {})[name] = {"componentInputParameter": name}
    spec["root"]["inputDefinitions"] = {"parameters": inputs}
    data_digest.tell(spec["root"]["dag"]["tasks"])


def _told(node: str, settings: RunSettings, plan: Plan, model_folder: str) -> Iterator[str]:
    """Arguments of the entry point, before those of TFX. They are part of the cache key: each node gets its own."""
    yield from ("--node", node)
    if gpus := settings.kubeflow.resources_of(node).gpus:
        yield from ("--gpus", str(gpus))
    if node in ("DataAudit", "Score"):
        yield from ("--model_folder", model_folder)
    if node in ("Score", "Pusher"):
        yield from ("--plan_digest", plan.plan_digest)
    if node == "ManifestGen":
        yield from ("--data_settings", plan.data_settings)
    if node == "ImportSchemaGen":
        yield from ("--schema", plan.schema)


def _resources(node: str, settings: RunSettings) -> dict[str, Any]:
    wanted = settings.kubeflow.resources_of(node)
    resources: dict[str, Any] = {"cpuLimit": wanted.cpu, "memoryLimit": wanted.memory}
    if wanted.gpus:
        # The fields that every backend reads: 2.3 knows no others, and newer ones fall back to them.
        resources["accelerator"] = {"type": "nvidia.com/gpu", "count": str(wanted.gpus)}
    return resources


def _uncached(settings: RunSettings, plan: Plan) -> set[str]:
    """Nodes whose cache key does not hold all that their result depends on."""
    nodes = {data_digest.NODE, *READ_SERVED}  # films and what is served change between runs, and no key says so
    if not plan.key_id:  # another key, other pseudonyms
        nodes.add("ManifestGen")
    if settings.trainer.weights not in _NAMED_WEIGHTS and not plan.weights_digest:  # a file that only pods see
        nodes |= {"Tuner", "Trainer"}
    return nodes
