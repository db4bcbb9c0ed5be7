"""Beam on Spark, as far as it goes without one: what docs/beam.md says comes into the pod, and asks for that pool."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from kubeflow.compiler import compile_documents
from pipeline.settings import load_settings
from tests.kubeflow.kustomize import build, find

PROJECT = Path(__file__).parents[2]
SECTION = (PROJECT / "docs" / "beam.md").read_text(encoding="utf-8").partition("## Spark on Kubernetes")[2]
SECTION = SECTION.partition("\n## ")[0]
(COMPILE,) = [shlex.split(line) for line in SECTION.splitlines() if line.startswith(".venv/bin/cxr compile")]


@pytest.fixture(scope="module")
def executors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Executor -> its container, of the documented command with the documented file."""
    from cxr.compile import command

    (text,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.S)
    file = tmp_path_factory.mktemp("spark") / "spark.yaml"
    file.write_text(text, encoding="utf-8")
    words = [str(file) if word == file.name else word for word in COMPILE[2:]]
    given = command.make_context("compile", words).params
    settings = load_settings(given["profile"], given["config"], given["overrides"], given["beam"])
    spec, _ = compile_documents(settings, COMPILE[-1])
    found: dict[str, Any] = spec["deploymentSpec"]["executors"]
    return found


def test_the_job_server_is_told_to_the_component_that_is_named_and_to_no_other(executors: dict[str, Any]) -> None:
    option = "--job_endpoint=cxr-spark-jobs:8099"
    told = {label for label, one in executors.items() if option in one["container"]["args"]}
    assert told == {"XrayExampleGen_executor"}
    assert "--runner=PortableRunner" in executors["XrayExampleGen_executor"]["container"]["args"]


def test_the_workers_are_those_of_a_pool_where_the_manifest_for_flink_has_one(executors: dict[str, Any]) -> None:
    from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
    from apache_beam.transforms.environments import Environment, ExternalEnvironment

    args = executors["XrayExampleGen_executor"]["container"]["args"]
    options = PipelineOptions(args[args.index("--runner=PortableRunner") :]).view_as(PortableOptions)
    environment = Environment.get_env_cls_from_urn("beam:env:external:v1").from_options(options)
    assert isinstance(environment, ExternalEnvironment)
    session = find(build(PROJECT / "kubeflow" / "manifests" / "flink"), "FlinkDeployment", "cxr-flink")
    pods = session["spec"]["taskManager"]["podTemplate"]["spec"]["containers"]
    (pool,) = [container for container in pods if container["name"] == "worker-pool"]
    assert environment.url == f"localhost:{pool['ports'][0]['containerPort']}"


def test_the_versions_are_those_of_the_lock() -> None:
    lock = (PROJECT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    (beam,) = re.findall(r"^apache-beam==(\S+)", lock, re.M)
    assert f"`apache/beam_spark3_job_server:{beam}`" in SECTION
