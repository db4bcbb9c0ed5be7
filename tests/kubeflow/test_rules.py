"""What a backend refuses is refused by name, before anything is uploaded."""

from collections.abc import Callable
from typing import Any

import pytest

from kubeflow.compiler import compile_documents
from kubeflow.rules import RULES, check
from pipeline.settings import load_settings
from tests.kubeflow.conftest import IMAGE
from trainer.errors import UsageError

Change = Callable[[Any, Any], None]


def _trainer(spec: Any) -> Any:
    return spec["deploymentSpec"]["executors"]["Trainer_executor"]


def _pod(platform: Any, node: str) -> Any:
    return platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"][f"{node}_executor"]


def _rename(spec: Any, old: str, new: str) -> None:
    tasks = spec["root"]["dag"]["tasks"]
    tasks[new] = tasks.pop(old)


FAULTS: dict[str, tuple[Change, str]] = {
    "schema-version": (lambda s, p: s.update(schemaVersion="2.0.0"), "the schema is 2.0.0"),
    "pipeline-name": (lambda s, p: s["pipelineInfo"].update(name="CXR_1"), "the pipeline's name is 'CXR_1'"),
    "task-name": (lambda s, p: _rename(s, "Report", "1_Report"), "component '1_Report'"),
    "pipeline-root": (lambda s, p: s.update(defaultPipelineRoot="/mnt/volume"), "pipeline_root is '/mnt/volume'"),
    "executor-kind": (lambda s, p: _trainer(s).update(resolver={}), "Trainer_executor is of the kind"),
    "driver": (
        lambda s, p: _trainer(s)["container"].update(lifecycle={"preCacheCheck": {"command": ["python"]}}),
        "Trainer_executor has a driver",
    ),
    "known-producer": (
        lambda s, p: s["root"]["dag"]["tasks"]["Trainer"]["inputs"]["artifacts"]["examples"].update(
            taskOutputArtifact={"outputArtifactKey": "examples", "producerTask": "XrayExampleGen_task"}
        ),
        "Trainer takes an input from 'XrayExampleGen_task'",
    ),
    "image": (lambda s, p: _trainer(s)["container"].update(image="registry.example/cxr"), "without a tag"),
    "compile-host": (
        lambda s, p: s["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"].update(module_file={}),
        "Trainer has a module file",
    ),
    "gpu": (
        lambda s, p: _trainer(s)["container"]["resources"].update(accelerator={"type": "NVIDIA_A100", "count": "1"}),
        "asks for 1 NVIDIA_A100",
    ),
    "argument-size": (lambda s, p: _trainer(s)["container"]["args"].append("x" * 140_000), "of 140000 bytes"),
    "beam-workers": (
        lambda s, p: _trainer(s)["container"]["args"].append("--direct_num_workers=0"),
        "Trainer_executor would start a process of Beam for each core of the node",
    ),
    "beam-storage": (
        lambda s, p: _trainer(s)["container"]["args"].append("--runner=FlinkRunner"),
        "Trainer_executor runs Beam on FlinkRunner, whose workers cannot see the inside of a pod",
    ),
    "beam-job-server": (
        lambda s, p: _trainer(s)["container"]["args"].append("--runner=SparkRunner"),
        "Trainer_executor would start a job server with Java, which the image has not, or hand Spark the path",
    ),
    "braces": (lambda s, p: _trainer(s)["container"]["args"].append("{{workflow.name}}"), "takes for a template"),
    "platform": (lambda s, p: _pod(p, "Pusher").update(nodeAffinity=[]), "Pusher_executor has nodeAffinity"),
    "mounts": (
        lambda s, p: _pod(p, "Score")["pvcMount"].append({"constant": "x", "mountPath": "/serving"}),
        "Score_executor has 2 volumes at /serving",
    ),
}


def test_what_is_compiled_breaks_no_rule(documents: Any) -> None:
    check(*documents)


def test_every_rule_is_tried() -> None:
    assert set(FAULTS) == set(RULES)


@pytest.mark.parametrize("rule", FAULTS)
def test_a_fault_is_told_with_the_name_of_its_rule(rule: str, documents: Any) -> None:
    spec, platform = documents
    change, message = FAULTS[rule]
    change(spec, platform)
    with pytest.raises(UsageError) as told:
        check(spec, platform)
    assert any(line.startswith(f"rule {rule}: ") and message in line for line in str(told.value).splitlines())


@pytest.mark.parametrize(
    "override, message",
    [
        ("kubeflow.pipeline_root=pvc://volume/root", "rule pipeline-root: kubeflow.pipeline_root is 'pvc://volume/root'"),
        ("data.root=films", "rule mounts: ManifestGen_executor has a volume at 'films'"),
        ("data.root=/serving", "rule mounts: Score_executor has 2 volumes at /serving"),
        ("data.root=/minio/films", "where Kubeflow's launcher keeps copies"),
        ("kubeflow.image=registry.example/cxr:latest", "rule image: the image is 'registry.example/cxr:latest'"),
        ("beam.components.Evaluator.runner=FlinkRunner", "beam-storage: Evaluator_executor runs Beam on FlinkRunner"),
        ("beam.runner=PortableRunner", "rule beam-storage: ManifestGen_executor runs Beam on PortableRunner"),
        ("beam.components.Evaluator.runner=SparkRunner", "beam-storage: Evaluator_executor runs Beam on SparkRunner"),
        ("beam.components.Evaluator.runner=FlinkRunner", "which the image has not: add --flink_submit_uber_jar"),
        ("data.sources=[{kind: class_folders, name: a, path: '{{a}}', folders: {a: COVID-19}}]", "rule braces"),
    ],
)  # fmt: skip
def test_settings_that_compile_into_a_fault_are_refused(override: str, message: str) -> None:
    image = "" if "image" in override else IMAGE
    settings = load_settings("sample", None, ["data.root=/films", override])
    with pytest.raises(UsageError) as told:
        compile_documents(settings, image)
    assert message in str(told.value)


@pytest.mark.parametrize("place, refused", [("pipeline.evaluation", False), ("/home/me/evaluation.py", True)])
def test_a_module_is_named_and_not_a_path(place: str, refused: bool, documents: Any) -> None:
    spec, platform = documents
    parameters = spec["root"]["dag"]["tasks"]["Evaluator"]["inputs"]["parameters"]
    parameters["module_path"] = {"runtimeValue": {"constant": place}}
    assert bool(list(RULES["compile-host"](spec, platform))) is refused


@pytest.mark.parametrize("image", ["cxr:1", "localhost:5000/a/cxr:v1.0_b", f"gcr.io/a/cxr@sha256:{'0' * 64}"])
def test_an_image_with_a_tag_or_a_digest_passes(image: str, documents: Any) -> None:
    for executor in documents[0]["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = image
    check(*documents)


@pytest.mark.parametrize("image", ["localhost:5000/cxr", "cxr", "cxr:latest", "cxr:a b"])
def test_an_image_that_is_another_tomorrow_is_refused(image: str, documents: Any) -> None:
    for executor in documents[0]["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = image
    with pytest.raises(UsageError, match="rule image"):
        check(*documents)


@pytest.mark.parametrize(
    "arguments, refused",
    [
        (("--runner=SparkRunner", "--spark_submit_uber_jar", "--spark_rest_url=http://master:6066"), True),
        (("--runner=apache_beam.runners.portability.spark_runner.SparkRunner",), True),
        (("--runner=SparkRunner", "--job_endpoint=jobs:8099"), False),
        (("--runner=PortableRunner", "--job_endpoint=jobs:8099"), False),
        (("--runner=FlinkRunner", "--flink_master=flink:8081"), True),
        (("--runner=FlinkRunner", "--flink_submit_uber_jar"), False),
        (("--runner=DirectRunner",), False),
    ],
)
def test_a_job_server_that_a_pod_cannot_start_is_refused(
    arguments: tuple[str, ...], refused: bool, documents: Any
) -> None:
    spec, platform = documents
    _trainer(spec)["container"]["args"] += arguments
    assert bool(list(RULES["beam-job-server"](spec, platform))) is refused
