"""The same pipeline, compiled for Kubeflow Pipelines v2: nothing in it that an open-source backend refuses."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeflow.compiler import compile_pipeline
from trainer.errors import UsageError


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    import dataclasses

    from pipeline.definition import create_pipeline
    from pipeline.plan import make_plan
    from pipeline.settings import load_settings

    plan = make_plan(load_settings("sample", None, ["data.root=/films"]), digest_of_data="0" * 64, key_id="1" * 16)
    pipeline = create_pipeline(
        name="cxr",
        root="minio://mlpipeline/v2/artifacts",
        **{field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)},
        schema_file="/app/schema/schema.pbtxt",
        checkpoint_dir="/checkpoints",
        model_folder="/serving/cxr",
        version=1_700_000_000,
    )
    output = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
    compile_pipeline(pipeline, output, "example.org/cxr:0.1.0")
    document: dict[str, Any] = yaml.safe_load(output.read_text(encoding="utf-8"))
    return document


def executors(compiled: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compiled["deploymentSpec"]["executors"]
    return found


def test_the_schema_is_the_one_that_backends_accept(compiled: dict[str, Any]) -> None:
    assert compiled["schemaVersion"] == "2.1.0"


def test_every_executor_is_a_container_with_our_image_or_an_importer(compiled: dict[str, Any]) -> None:
    for name, executor in executors(compiled).items():
        assert set(executor) <= {"container", "importer"}, f"{name} is {set(executor)}"
        if "container" in executor:
            assert executor["container"]["image"] == "example.org/cxr:0.1.0"


def test_there_is_no_resolver_and_no_file_based_driver(compiled: dict[str, Any]) -> None:
    text = yaml.safe_dump(compiled)
    assert "resolver" not in text.lower()
    assert "preCacheCheck" not in text  # where TFX compiles the driver of a FileBasedExampleGen


def test_there_is_no_module_file_and_no_wheel(compiled: dict[str, Any]) -> None:
    text = yaml.safe_dump(compiled)
    assert "module_file" not in text
    assert ".whl" not in text
    assert "trainer.run.run_fn" in text


def test_every_producer_is_a_task(compiled: dict[str, Any]) -> None:
    tasks = compiled["root"]["dag"]["tasks"]
    producers = set(re.findall(r"producerTask: (\S+)", yaml.safe_dump(compiled)))
    assert producers
    assert producers <= set(tasks)
    assert not [name for name in producers if name.endswith("_task")]


def test_tasks_are_the_nodes_of_the_local_pipeline(compiled: dict[str, Any]) -> None:
    assert set(compiled["root"]["dag"]["tasks"]) == {
        "ManifestGen", "ImportSchemaGen", "XrayExampleGen", "StatisticsGen", "ExampleValidator", "DataAudit",
        "DataGate", "Trainer", "Evaluator", "Score", "ShortcutAudit", "ReleaseGate", "Pusher",
    }  # fmt: skip
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name) for name in compiled["root"]["dag"]["tasks"])


def test_the_trainer_waits_for_the_data_gate(compiled: dict[str, Any]) -> None:
    assert "DataGate" in compiled["root"]["dag"]["tasks"]["Trainer"]["dependentTasks"]


def test_it_loads_in_the_kubeflow_client(compiled: dict[str, Any], tmp_path: Path) -> None:
    from kfp import components

    file = tmp_path / "pipeline.yaml"
    file.write_text(yaml.safe_dump(compiled), encoding="utf-8")
    assert components.load_component_from_file(str(file)).name == "cxr"


def test_an_output_that_the_client_would_not_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"output .*pipeline.json does not end in .yaml"):
        compile_pipeline(None, tmp_path / "pipeline.json", "image")  # type: ignore[arg-type]
