"""Between KFP's launcher and TFX's executors: types, an output too many, and where artifacts are."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from kubeflow.artifacts import BOX_VARIABLE, SHARED_VARIABLE, Storage, adapt, restore
from trainer.errors import RunError

KIND = {"instanceSchema": "title: tfx.Examples\ntype: object\n"}
SPEC = {"artifacts": {"examples": {"artifactType": KIND}}}


def told(scheme: str = "minio", output_file: str = "/tmp/kfp_outputs/output_metadata.json") -> dict[str, Any]:
    """An ExecutorInput with one input and one output, as the launcher of KFP 2.5 and newer tells it."""
    found = {"name": "4", "uri": f"{scheme}://b/run/examples", "type": {"instanceSchema": ""}}
    made = {"uri": f"{scheme}://b/run/statistics", "type": {"instanceSchema": "title: tfx.ExampleStatistics\n"}}
    logs = {"uri": f"{scheme}://b/run/executor-logs", "type": {"schemaTitle": "system.Artifact"}}
    return {
        "inputs": {
            "artifacts": {
                "examples": {"artifacts": [{**found, "metadata": {"span": 0, "display_name": "examples"}}]}
            }
        },
        "outputs": {
            "artifacts": {"statistics": {"artifacts": [made]}, "executor-logs": {"artifacts": [logs]}},
            "outputFile": output_file,
        },
    }  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Storage:
    """A pod to which the launcher has brought the input, from any store."""
    for folder in ("minio", "s3", "gcs"):
        (tmp_path / folder / "b" / "run" / "examples").mkdir(parents=True)
    return Storage(box=str(tmp_path))


@pytest.mark.parametrize("scheme, folder", [("minio", "minio"), ("s3", "s3"), ("gs", "gcs")])
def test_a_uri_of_each_store_becomes_the_path_at_which_the_launcher_has_it(
    scheme: str, folder: str, box: Storage
) -> None:
    adapted = adapt(told(scheme), SPEC, box)
    assert adapted.inputs("examples") == Path(box.box, folder, "b/run/examples")
    assert adapted.outputs("statistics") == Path(box.box, folder, "b/run/statistics")
    assert adapted.outputs("statistics").is_dir()  # executors write into a folder that is there


def test_without_a_box_the_paths_are_those_of_a_pod() -> None:
    assert Storage().path("gs://b/k") == "/gcs/b/k"
    assert Storage(shared="/work").path("s3://b/k") == "/work/s3/b/k"


def test_the_environment_says_where_artifacts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BOX_VARIABLE, "/box")
    monkeypatch.setenv(SHARED_VARIABLE, "/work")
    assert Storage.from_environment() == Storage("/box", "/work")


def test_an_input_gets_its_type_and_loses_what_no_tfx_type_has(box: Storage) -> None:
    adapted = adapt(told(), SPEC, box)
    (artifact,) = adapted.executor_input["inputs"]["artifacts"]["examples"]["artifacts"]
    assert artifact["type"] == KIND
    assert artifact["metadata"] == {"span": 0}


def test_an_input_that_an_importer_brings_keeps_its_type(box: Storage) -> None:
    executor_input = told()
    executor_input["inputs"]["artifacts"]["examples"]["artifacts"][0]["type"] = {"schemaTitle": "tfx.Examples"}
    (artifact,) = adapt(executor_input, SPEC, box).executor_input["inputs"]["artifacts"]["examples"]["artifacts"]
    assert artifact["type"] == {"schemaTitle": "tfx.Examples"}


def test_the_launchers_own_output_is_left_out(box: Storage) -> None:
    assert set(adapt(told(), SPEC, box).executor_input["outputs"]["artifacts"]) == {"statistics"}


def test_what_was_told_is_not_changed(box: Storage) -> None:
    executor_input = told()
    adapt(executor_input, SPEC, box)
    assert executor_input == told()


@pytest.mark.parametrize("file", ["/tmp/kfp_outputs/output_metadata.json", "/minio/b/run/output_metadata.json"])
def test_what_the_executor_says_it_made_is_named_by_its_uri_again(file: str, box: Storage) -> None:
    adapted = adapt(told(output_file=file), SPEC, box)
    assert adapted.output_file == Path(box.box + file)
    local = {"uri": str(adapted.outputs("statistics")), "metadata": {"span": 1.0}}
    adapted.output_file.write_text(json.dumps({"artifacts": {"statistics": {"artifacts": [local]}}}))
    restore(adapted)
    assert json.loads(adapted.output_file.read_text()) == {
        "artifacts": {"statistics": {"artifacts": [{"uri": "minio://b/run/statistics", "metadata": {"span": 1.0}}]}}
    }


def test_on_a_shared_volume_nothing_is_copied(tmp_path: Path, box: Storage) -> None:
    shared = tmp_path / "work"
    (shared / "minio/b/run/examples").mkdir(parents=True)
    adapted = adapt(told(), SPEC, Storage(box.box, str(shared)))
    assert adapted.inputs("examples") == shared / "minio/b/run/examples"
    assert adapted.outputs("statistics") == shared / "minio/b/run/statistics"
    assert adapted.output_file == Path(f"{box.box}/tmp/kfp_outputs/output_metadata.json")


def test_what_an_importer_brings_is_not_on_the_shared_volume(tmp_path: Path, box: Storage) -> None:
    adapted = adapt(told(), SPEC, Storage(box.box, str(tmp_path / "work")))
    assert adapted.inputs("examples") == Path(box.box, "minio/b/run/examples")


def test_a_lost_artifact_is_named_with_its_uri_and_its_place(box: Storage) -> None:
    Path(box.box, "minio/b/run/examples").rmdir()
    message = rf"input 'examples' \(minio://b/run/examples\) is not at {box.box}/minio/b/run/examples: it was deleted"
    with pytest.raises(RunError, match=message):
        adapt(told(), SPEC, box)


def test_a_shared_volume_that_does_not_answer_is_named_with_the_cause(
    tmp_path: Path, box: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exists(path: Path) -> bool:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))

    monkeypatch.setattr(Path, "exists", exists)
    message = (
        rf"input 'examples' \(minio://b/run/examples\) cannot be looked for at {tmp_path}/work/.*: Stale file handle"
    )
    with pytest.raises(RunError, match=message):
        adapt(told(), SPEC, Storage(box.box, str(tmp_path / "work")))


def test_a_store_that_kubeflow_does_not_have_is_named() -> None:
    with pytest.raises(RunError, match=r"artifact pvc://b/run/examples is in no store .* minio://, s3://, gs://"):
        adapt(told("pvc"), SPEC, Storage())


def test_a_place_that_cannot_be_written_is_named(box: Storage) -> None:
    Path(box.box, "minio/b/run/statistics").write_text("a file")
    with pytest.raises(RunError, match=r"the folder .*statistics cannot be made: File exists"):
        adapt(told(), SPEC, box)
