"""What a pod runs: it does what TFX's own entry point cannot, and ends in one line where it fails."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubeflow import entrypoint
from kubeflow.artifacts import BOX_VARIABLE, SHARED_VARIABLE, Storage, adapt
from kubeflow.compiler import COMMAND
from pipeline.digests import code_digest
from tests.kubeflow.driver import Artifact, Driver

URI = "minio://mlpipeline/v2/artifacts/cxr/run-0"


def inputs_of(spec: dict[str, Any], node: str, version: tuple[int, int]) -> tuple[list[str], dict[str, Any]]:
    """What a pod is started with: the container's arguments, and the ExecutorInput."""
    task = spec["root"]["dag"]["tasks"][node]
    made: dict[str, dict[str, Artifact]] = {}
    for number, value in enumerate(task.get("inputs", {}).get("artifacts", {}).values()):
        source = value["taskOutputArtifact"]
        made.setdefault(source["producerTask"], {})[source["outputArtifactKey"]] = Artifact(
            number, f"{URI}/{source['outputArtifactKey']}", {}, {}
        )
    driver = Driver(spec, version, "run-1", {"data_digest": "d"})
    executor_input = driver.executor_input(node, made, {"DataDigest": {"data_digest": "d"}})
    args = spec["deploymentSpec"]["executors"][f"{node}_executor"]["container"]["args"]
    return [arg.replace("{{$}}", json.dumps(executor_input)) for arg in args], executor_input


def parsed(arguments: list[str]) -> argparse.Namespace:
    return entrypoint._parser().parse_known_args(arguments)[0]


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a pod."""
    monkeypatch.setenv(BOX_VARIABLE, str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # the entry point sets it for good
    monkeypatch.setattr(entrypoint, "prepare_process", lambda: None)
    monkeypatch.setattr(entrypoint.logging, "basicConfig", lambda **_: None)
    return tmp_path


@pytest.mark.parametrize(
    "node, version, error, message",
    [
        ("ImportSchemaGen", (2, 5), ImportError, r"system\.Artifact"),  # the output executor-logs
        ("StatisticsGen", (2, 4), AttributeError, "'NoneType' object has no attribute 'get'"),  # inputs without types
        ("ImportSchemaGen", (2, 4), Exception, "scheme 'minio' not implemented"),  # a store that TensorFlow cannot open
    ],
)
def test_tfxs_own_entry_point_fails_behind_the_open_source_launcher(
    node: str, version: tuple[int, int], error: type[Exception], message: str, spec: dict[str, Any], tmp_path: Path
) -> None:
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

    arguments, executor_input = inputs_of(spec, node, version)
    executor_input["outputs"]["outputFile"] = str(tmp_path / "output_metadata.json")
    schema = Path(__file__).parents[2] / "schema" / "schema.pbtxt"
    executor_input["inputs"]["parameterValues"]["schema_file"] = str(schema)
    args = parsed(arguments)
    args.json_serialized_invocation_args = json.dumps(executor_input)
    with pytest.raises(error, match=message):
        kubeflow_v2_run_executor._run_executor(args, [])


@pytest.mark.parametrize("version", [(2, 4), (2, 14), (2, 17)])
def test_ours_runs_a_component_and_names_what_it_made_by_its_uri(
    version: tuple[int, int], spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, executor_input = inputs_of(spec, "ImportSchemaGen", version)
    assert entrypoint.main(arguments) == 0, capfd.readouterr().err
    said = json.loads((pod / executor_input["outputs"]["outputFile"].lstrip("/")).read_text())
    (made,) = said["artifacts"]["schema"]["artifacts"]
    (wanted,) = executor_input["outputs"]["artifacts"]["schema"]["artifacts"]
    assert made["uri"] == wanted["uri"]
    assert (pod / wanted["uri"].replace("minio://", "minio/") / "schema.pbtxt").is_file()
    assert set(said["artifacts"]) == {"schema"}


def test_on_a_shared_volume_a_component_works_there_and_the_store_keeps_the_name(
    spec: dict[str, Any], pod: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SHARED_VARIABLE, str(pod / "work"))
    arguments, executor_input = inputs_of(spec, "ImportSchemaGen", (2, 17))
    assert entrypoint.main(arguments) == 0, capfd.readouterr().err
    (wanted,) = executor_input["outputs"]["artifacts"]["schema"]["artifacts"]
    place = wanted["uri"].replace("minio://", "minio/")
    assert (pod / "work" / place / "schema.pbtxt").is_file()
    assert not (pod / place).exists()
    said = json.loads((pod / executor_input["outputs"]["outputFile"].lstrip("/")).read_text())
    assert said["artifacts"]["schema"]["artifacts"][0]["uri"] == wanted["uri"]


def test_every_input_has_the_type_that_its_executor_knows(spec: dict[str, Any], tmp_path: Path) -> None:
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2
    from tfx.orchestration.kubeflow.v2.container.kubeflow_v2_entrypoint_utils import parse_raw_artifact_dict

    for node in spec["root"]["dag"]["tasks"]:
        arguments, executor_input = inputs_of(spec, node, (2, 17))
        for listed in executor_input["inputs"]["artifacts"].values():
            (tmp_path / listed["artifacts"][0]["uri"].replace("minio://", "minio/")).mkdir(parents=True, exist_ok=True)
        inputs_spec = json.loads(parsed(arguments).json_serialized_inputs_spec_args)
        adapted = adapt(executor_input, inputs_spec, Storage(str(tmp_path)))
        message = json_format.ParseDict(adapted.executor_input, pipeline_spec_pb2.ExecutorInput())
        for side in (message.inputs.artifacts, message.outputs.artifacts):
            for key, (artifact,) in parse_raw_artifact_dict(side).items():
                assert artifact.type_name not in ("", "Artifact"), f"{node}.{key}"


def failure(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and the last line of the log."""
    code = entrypoint.main(arguments)
    return code, capfd.readouterr().err.splitlines()[-1]


def test_a_lost_artifact_is_the_last_line_of_the_log(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, _ = inputs_of(spec, "StatisticsGen", (2, 17))
    code, line = failure(arguments, capfd)
    assert code == 1
    assert line.startswith(f"cxr: StatisticsGen: input 'examples' ({URI}/examples) is not at {pod}/minio/")


def test_an_image_of_other_code_is_the_last_line_of_the_log(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, _ = inputs_of(spec, "ManifestGen", (2, 17))
    digest = code_digest("components.manifest_gen.executor")
    code, line = failure([arg.replace(digest, "0" * 64) for arg in arguments], capfd)
    assert code == 1
    assert line.startswith("cxr: ManifestGen: the image holds other code, or another lock, than the pipeline was")


def test_an_image_without_a_component_is_the_last_line_of_the_log(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, _ = inputs_of(spec, "ImportSchemaGen", (2, 17))
    known = "tfx.components.schema_gen.import_schema_gen.executor.Executor"
    code, line = failure([arg.replace(known, "components.newer.executor.Executor") for arg in arguments], capfd)
    assert code == 1
    assert line.startswith("cxr: ImportSchemaGen: the image is not one that this pipeline was compiled for: ")
    assert "components.newer" in line


def test_an_image_without_this_project_ends_in_a_line_of_pythons(tmp_path: Path) -> None:
    bare = [sys.executable, "-I", "-S", *COMMAND[1:]]  # knows no package but Python's own
    done = subprocess.run(bare, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("(ModuleNotFoundError: No module named 'kubeflow')")


def test_a_gpu_that_is_not_there_is_the_last_line_of_the_log(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrypoint, "prepare_gpus", lambda: 0)
    arguments, _ = inputs_of(spec, "ImportSchemaGen", (2, 17))
    code, line = failure([*arguments, "--gpus", "1"], capfd)
    assert code == 1
    assert "the pod asked for 1 GPUs (kubeflow.resources.ImportSchemaGen.gpus), but TensorFlow sees 0" in line


@pytest.mark.parametrize(
    "trainer, message",
    [
        ({"weights": "/weights/own.h5"}, "trainer.weights is '/weights/own.h5', but there is no such file; give its"),
        ({"weights": "{here}"}, "trainer.weights: {here} cannot be read as a Keras weights file ("),
        ({"weights": "random", "fine_tune": {"block": "block99"}}, "trainer.fine_tune.block is 'block99', but no"),
    ],
)
def test_weights_and_layers_that_are_not_there_are_told_before_a_record_is_read(
    trainer: dict[str, Any], message: str, spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    own = pod / "own.h5"
    own.write_text("no weights")
    given = json.dumps({"backbone": "vgg16", **trainer}).replace("{here}", str(own))
    spec["root"]["inputDefinitions"]["parameters"]["trainer_settings"]["defaultValue"] = given
    arguments, executor_input = inputs_of(spec, "Trainer", (2, 17))
    for listed in executor_input["inputs"]["artifacts"].values():
        (pod / listed["artifacts"][0]["uri"].replace("minio://", "minio/")).mkdir(parents=True)
    _, line = failure(arguments, capfd)
    assert line.startswith(f"cxr: Trainer: {message.replace('{here}', str(own))}")


def test_a_faulty_run_parameter_is_wrong_use_and_a_line_for_each_fault(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    spec["root"]["inputDefinitions"]["parameters"]["data_settings"]["defaultValue"] = '{"seed": -1, "seeds": 1}'
    arguments, _ = inputs_of(spec, "ManifestGen", (2, 17))
    assert entrypoint.main(arguments) == 2
    lines = capfd.readouterr().err.splitlines()
    assert "cxr: ManifestGen: data_settings.seed is -1: input should be greater than or equal to 0" in lines
    assert "cxr: ManifestGen: data_settings.seeds is not a setting; did you mean data_settings.seed?" in lines


def test_what_nobody_expected_is_one_line_below_its_traceback(
    spec: dict[str, Any], pod: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprise(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(entrypoint, "complete", surprise)
    arguments, _ = inputs_of(spec, "ImportSchemaGen", (2, 17))
    code = entrypoint.main(arguments)
    err = capfd.readouterr().err
    assert code == 1
    assert "Traceback" in err
    assert err.splitlines()[-1] == "cxr: ImportSchemaGen: unexpected OSError: No space left on device"


def test_a_pod_that_asked_for_no_gpu_sees_none(
    spec: dict[str, Any], pod: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import os

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    arguments, _ = inputs_of(spec, "ImportSchemaGen", (2, 17))
    assert entrypoint.main(arguments) == 0, capfd.readouterr().err
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
