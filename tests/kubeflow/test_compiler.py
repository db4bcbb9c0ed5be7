"""The same pipeline, compiled for Kubeflow Pipelines v2: nothing in it that an open-source backend refuses."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.manifest_gen.key import KEY_VARIABLE
from kubeflow.compiler import COMMAND, compile_documents, compile_pipeline
from kubeflow.parameters import RUN_PARAMETERS
from kubeflow.platform import READ_SERVED
from pipeline.beam_settings import BEAM_NODES
from pipeline.settings import load_settings
from tests.kubeflow.conftest import IMAGE
from trainer.errors import UsageError

#: On one machine the runner itself looks at the films, and writes the report, of data that are refused too.
ONLY_ON_KUBEFLOW = {"DataDigest", "DataReport", "Report"}


def compile_sample(*overrides: str, image: str = IMAGE) -> tuple[dict[str, Any], dict[str, Any]]:
    return compile_documents(load_settings("sample", None, ["data.root=/films", *overrides]), image)


def tasks_of(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["root"]["dag"]["tasks"]
    return found


def containers_of(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        label.removesuffix("_executor"): executor["container"]
        for label, executor in spec["deploymentSpec"]["executors"].items()
    }


def told(container: dict[str, Any], option: str) -> str | None:
    args: list[str] = container["args"]
    return args[args.index(option) + 1] if option in args else None


def test_every_container_runs_our_entry_point_in_our_image_and_knows_its_node(spec: dict[str, Any]) -> None:
    assert set(containers_of(spec)) == set(tasks_of(spec))
    for node, container in containers_of(spec).items():
        assert (container["image"], container["command"]) == (IMAGE, list(COMMAND))
        assert told(container, "--node") == node
        assert container["args"].count("{{$}}") == 1
        assert sum(arg.startswith("--runner=") for arg in container["args"]) <= 1


def test_tasks_are_the_nodes_of_the_local_pipeline_but_for_named_exceptions(spec: dict[str, Any]) -> None:
    import dataclasses

    from pipeline.definition import create_pipeline
    from pipeline.plan import make_plan

    plan = make_plan(load_settings("sample", None, ["data.root=/films"]), digest_of_data="0" * 64, key_id="1" * 16)
    local = create_pipeline(
        name="cxr",
        root="/root",
        **{field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)},
        schema_file="schema.pbtxt",
        checkpoint_dir="/checkpoints",
        model_folder="/serving/cxr",
        version=1,
    )
    assert set(tasks_of(spec)) - {node.id for node in local.components} == ONLY_ON_KUBEFLOW
    assert {node.id for node in local.components} <= set(tasks_of(spec))


def test_the_trainer_waits_for_the_data_gate(spec: dict[str, Any]) -> None:
    assert "DataGate" in tasks_of(spec)["Trainer"]["dependentTasks"]


def test_a_search_is_a_task_between_the_data_gate_and_the_trainer() -> None:
    spec, _ = compile_sample("tuner.trials=2")
    assert "DataGate" in tasks_of(spec)["Tuner"]["dependentTasks"]
    inputs = {node: tasks_of(spec)[node]["inputs"]["artifacts"] for node in ("Trainer", "Report")}
    best = {"outputArtifactKey": "best_hyperparameters", "producerTask": "Tuner"}
    assert inputs["Trainer"]["hyperparameters"]["taskOutputArtifact"] == best
    assert inputs["Report"]["trials"]["taskOutputArtifact"]["producerTask"] == "Tuner"


def test_the_parameters_of_a_run_have_the_compiled_defaults_and_the_films_are_looked_at(spec: dict[str, Any]) -> None:
    inputs = spec["root"]["inputDefinitions"]["parameters"]
    assert set(inputs) == set(RUN_PARAMETERS)
    assert inputs["data_digest"]["defaultValue"] == "auto"
    settings = load_settings("sample", None, ["data.root=/films"])
    assert inputs["trainer_settings"]["defaultValue"] == settings.trainer.model_dump_json()
    for name, parameter in RUN_PARAMETERS.items():
        for node in set(parameter.nodes) & set(tasks_of(spec)):
            heard = tasks_of(spec)[node]["inputs"]["parameters"][name]
            if name == "data_digest" and node != "DataDigest":
                assert heard == {"taskOutputParameter": {"producerTask": "DataDigest", "outputParameterKey": name}}
            else:
                assert heard == {"componentInputParameter": name}


def test_every_task_waits_for_all_that_it_takes_something_from(spec: dict[str, Any]) -> None:
    """Argo starts a task by its ``dependentTasks``, and the driver then looks for its inputs."""
    for name, task in tasks_of(spec).items():
        producers = set(re.findall(r'"producerTask": "([^"]*)"', json.dumps(task)))
        assert producers <= set(task.get("dependentTasks", ())), name


def test_only_nodes_whose_cache_key_holds_all_are_taken_from_the_cache(spec: dict[str, Any]) -> None:
    cached = {node for node, task in tasks_of(spec).items() if task["cachingOptions"]["enableCache"]}
    assert cached == set(tasks_of(spec)) - {"DataDigest", *READ_SERVED}


@pytest.mark.parametrize(
    "overrides, uncached",
    [
        ((), {"ManifestGen"}),  # compiled without the key
        (("trainer.weights=/weights/own.h5",), {"ManifestGen", "Trainer"}),  # a file that only the pods see
    ],
)
def test_what_the_compiling_machine_cannot_see_is_no_cache_key(
    overrides: tuple[str, ...], uncached: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    spec, _ = compile_sample(*overrides)
    refused = {node for node, task in tasks_of(spec).items() if not task["cachingOptions"]["enableCache"]}
    assert refused == uncached | {"DataDigest", *READ_SERVED}


def test_the_cache_can_be_turned_off() -> None:
    spec, _ = compile_sample("kubeflow.cache=false")
    assert not any(task["cachingOptions"]["enableCache"] for task in tasks_of(spec).values())


def test_resources_and_gpus_are_asked_for_as_kubernetes_names_them() -> None:
    resources = "{default: {cpu: 1}, Trainer: {gpus: 2, memory: 32}, Score: {gpus: 1}}"
    containers = containers_of(compile_sample(f"kubeflow.resources={resources}")[0])
    # The rule by which the driver makes limits of a pod: cpu, memory, and the accelerator's type as it stands there.
    trainer = containers["Trainer"]["resources"]
    assert trainer == {"cpuLimit": 1, "memoryLimit": 32, "accelerator": {"type": "nvidia.com/gpu", "count": "2"}}
    assert told(containers["Trainer"], "--gpus") == "2"
    assert {node for node, container in containers.items() if "accelerator" in container["resources"]} == {
        "Trainer", "Score",
    }  # fmt: skip


def test_places_of_checkpoints_and_shared_artifacts_are_told_to_the_components() -> None:
    spec, _ = compile_sample(
        "kubeflow.checkpoints={claim: states, mount: /states}", "kubeflow.shared={claim: work, mount: /work}"
    )
    config = json.loads(tasks_of(spec)["Trainer"]["inputs"]["parameters"]["custom_config"]["runtimeValue"]["constant"])
    assert config["checkpoint_dir"] == "/states"
    assert containers_of(spec)["DataGate"]["env"] == [{"name": "CXR_SHARED_FOLDER", "value": "/work"}]


def test_options_of_beam_come_into_every_container_that_uses_it() -> None:
    spec, _ = compile_sample("beam.options=[--direct_running_mode=multi_processing, --direct_num_workers=3]")
    for node in ("ManifestGen", "XrayExampleGen", "StatisticsGen", "Evaluator"):
        assert containers_of(spec)[node]["args"].count("--direct_num_workers=3") == 1


def test_a_component_with_its_own_runner_has_that_one_and_no_other_has_it() -> None:
    own = "beam.components.XrayExampleGen={runner: FlinkRunner, options: [--parallelism=4, --flink_submit_uber_jar]}"
    spec, _ = compile_sample(own, "kubeflow.shared={claim: work, mount: /work}")
    containers = containers_of(spec)
    assert containers["XrayExampleGen"]["args"][-3:] == [
        "--runner=FlinkRunner", "--parallelism=4", "--flink_submit_uber_jar",
    ]  # fmt: skip
    beam = {node: [arg for arg in one["args"] if arg.startswith("--runner=")] for node, one in containers.items()}
    assert {node for node, runners in beam.items() if runners} == set(BEAM_NODES)
    for node in set(BEAM_NODES) - {"XrayExampleGen"}:
        assert beam[node] == ["--runner=DirectRunner"]


def test_both_documents_load_in_the_kubeflow_client(compiled_file: Path) -> None:
    from google.protobuf import json_format
    from kfp import components
    from kfp.pipeline_spec import pipeline_spec_pb2

    loaded = components.load_component_from_file(str(compiled_file))
    assert loaded.name == "cxr"
    assert set(loaded.platform_spec.platforms) == {"kubernetes"}
    spec, _ = yaml.safe_load_all(compiled_file.read_text(encoding="utf-8"))
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())  # an unknown field raises


def test_the_file_has_no_anchors_and_the_specification_comes_first(compiled_file: Path) -> None:
    text = compiled_file.read_text(encoding="utf-8")
    assert not re.search(r"[&*]id\d", text)
    assert [set(document) & {"root", "platforms"} for document in yaml.safe_load_all(text)] == [{"root"}, {"platforms"}]


@pytest.mark.parametrize(
    "overrides, image, message",
    [
        (["data.root=/films"], "", r"kubeflow.image is not set; name the image .* --image NAME:TAG"),
        ([], IMAGE, r"data.root is not set; name the folder under which the pods find the films"),
        (
            ["data.root=/films", "beam.options=[--direct_worker=2]"],
            IMAGE,
            "--direct_worker is not an option of DirectRunner",
        ),
        (["data.root=/films", "data.image_size=64"], IMAGE, r"inception_resnet_v2 needs at least \d+; raise it"),
        (
            [
                "data.root=/films",
                "trainer.backbone=vgg16",
                "data.image_size=128",
                "trainer.fine_tune={layers: 14}",
                "trainer.feature_views=0",
            ],
            IMAGE,
            r"trainer.fine_tune.layers is 14, but vgg16 has 13 layers",
        ),
    ],
)
def test_what_could_only_fail_in_a_pod_is_told_before(overrides: list[str], image: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compile_documents(load_settings("sample", None, overrides), image)


@pytest.mark.parametrize(
    "name, message", [("pipeline.json", "does not end in .yaml"), ("none/pipeline.yaml", "cannot be written: No such")]
)
def test_an_output_that_cannot_be_is_refused(
    name: str, message: str, tmp_path: Path, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubeflow.compiler.compile_documents", lambda *_: (spec, {}))
    with pytest.raises(UsageError, match=message):
        compile_pipeline(load_settings("sample", None, []), tmp_path / name, IMAGE)
