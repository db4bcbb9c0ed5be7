"""What a second run takes from the cache, by the driver's own key: containers are stood in for, nothing else."""

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeflow.artifacts import BOX_VARIABLE, Storage
from kubeflow.data_digest import write_digest
from kubeflow.documents import dump
from kubeflow.platform import READ_SERVED
from pipeline.digests import data_digest
from pipeline.settings import load_settings
from tests.kubeflow.backend import Backend
from tests.kubeflow.launcher import Ended, Store, inside, launch, local_path

#: What looks at films or at the served model in every run.
LOOK = {"DataDigest", *READ_SERVED}
#: Behind a node that always runs, and told of what it made.
BEHIND = {"DataReport", "DataGate", "ShortcutAudit"}


def stand_in(container: Any, executor_input: Any, pod: Path, store: Store, environment: Mapping[str, str]) -> Ended:
    outputs, given = executor_input["outputs"], executor_input["inputs"]["parameterValues"]
    made = {key: {"artifacts": [listed["artifacts"][0]]} for key, listed in outputs["artifacts"].items()}
    return Ended(0, "", {"artifacts": made, "parameterValues": {key: given[key] for key in outputs["parameters"]}})


def with_data_digest(
    container: Any, executor_input: Any, pod: Path, store: Store, environment: Mapping[str, str]
) -> Ended:
    """As :func:`stand_in`, but DataDigest is the real one."""
    if "DataDigest" not in container["args"]:
        return stand_in(container, executor_input, pod, store, environment)
    write_digest(executor_input, Storage(str(pod)))
    file = inside(pod, executor_input["outputs"]["parameters"]["data_digest"]["outputFile"])
    return Ended(0, "", {"parameterValues": {"data_digest": file.read_text(encoding="utf-8")}})


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return Backend(
        tmp_path, {"cxr-patient-key": {"key": "k"}}, ("cxr-films", "cxr-serving"), version=(2, 17), launch=stand_in
    )


def ran(backend: Backend, file: Path, **parameters: str) -> set[str]:
    tasks = backend.run(file, parameters)
    assert {task.state for task in tasks.values()} <= {"succeeded", "cached"}
    return {name for name, task in tasks.items() if task.state == "succeeded"}


@pytest.fixture
def everything(compiled_file: Path) -> set[str]:
    spec, _ = yaml.load_all(compiled_file.read_text(), Loader=yaml.CSafeLoader)
    return set(spec["root"]["dag"]["tasks"])


def test_the_same_films_again_only_what_looks_at_the_served_model_runs(
    backend: Backend, compiled_file: Path, everything: set[str]
) -> None:
    assert ran(backend, compiled_file, data_digest="films") == everything
    assert ran(backend, compiled_file, data_digest="films") == LOOK | BEHIND


def test_a_run_that_nobody_tells_of_the_films_trains_again_when_one_has_changed_and_not_before(
    backend: Backend, compiled_file: Path, everything: set[str], films: Path, tmp_path: Path
) -> None:
    import shutil

    copy = tmp_path / "films"
    shutil.copytree(films, copy)
    data = load_settings("sample", None, [f"data.root={copy}"]).data.model_dump_json()
    backend.launch = with_data_digest
    assert ran(backend, compiled_file, data_settings=data) == everything
    assert ran(backend, compiled_file, data_settings=data) == LOOK | BEHIND
    film = next(copy.rglob("*.png"))
    film.write_bytes(film.read_bytes() + b"\0")
    assert ran(backend, compiled_file, data_settings=data) == everything - {"ImportSchemaGen"}
    assert ran(backend, compiled_file, data_settings=data) == LOOK | BEHIND


def test_whoever_submits_names_the_films_as_the_run_itself_does(
    backend: Backend, compiled_file: Path, films: Path, tmp_path: Path
) -> None:
    data = load_settings("sample", None, [f"data.root={films}"]).data
    backend.launch = with_data_digest
    ran(backend, compiled_file, data_settings=data.model_dump_json())
    named = data_digest(data, tmp_path / "memo.json")
    assert ran(backend, compiled_file, data_settings=data.model_dump_json(), data_digest=named) == LOOK | BEHIND


def test_other_settings_of_the_trainer_train_again_on_the_same_records(backend: Backend, compiled_file: Path) -> None:
    ran(backend, compiled_file, data_digest="films")
    again = ran(backend, compiled_file, data_digest="films", trainer_settings=json.dumps({"epochs": 2}))
    assert again == {"Trainer", "Evaluator", *LOOK, *BEHIND}


def test_another_image_is_another_cache_key(
    backend: Backend, compiled_file: Path, everything: set[str], tmp_path: Path
) -> None:
    ran(backend, compiled_file, data_digest="films")
    spec, platform = yaml.load_all(compiled_file.read_text(), Loader=yaml.CSafeLoader)
    for executor in spec["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = "registry.example/cxr:0.2.0"
    (tmp_path / "other.yaml").write_text(dump(spec, platform))
    assert ran(backend, tmp_path / "other.yaml", data_digest="films") == everything


def test_a_claim_or_a_secret_that_is_not_there_keeps_pods_from_starting(tmp_path: Path, compiled_file: Path) -> None:
    with pytest.raises(ValueError, match='persistentvolumeclaim "cxr-films" not found'):
        Backend(tmp_path, {"cxr-patient-key": {"key": "k"}}, launch=stand_in).run(compiled_file, {"data_digest": "d"})
    with pytest.raises(KeyError, match="cxr-patient-key"):
        Backend(tmp_path, {}, ("cxr-films", "cxr-serving"), launch=stand_in).run(compiled_file, {"data_digest": "d"})


def test_nothing_behind_a_failed_task_runs(tmp_path: Path, compiled_file: Path) -> None:
    def refuses(container: Any, executor_input: Any, pod: Path, store: Store, environment: Mapping[str, str]) -> Ended:
        if pod.name.endswith("DataGate"):
            return Ended(3, "cxr: DataGate: no", {})
        return stand_in(container, executor_input, pod, store, environment)

    backend = Backend(
        tmp_path, {"cxr-patient-key": {"key": "k"}}, ("cxr-films", "cxr-serving"), launch=refuses
    )  # fmt: skip
    tasks = backend.run(compiled_file, {"data_digest": "d"})
    assert tasks["DataGate"].state == "failed"
    assert {name for name, task in tasks.items() if task.state == "skipped"} == {
        "Trainer", "Evaluator", "Score", "ShortcutAudit", "ReleaseGate", "Pusher", "Report",
    }  # fmt: skip


def test_a_run_whose_store_does_not_answer_fails_in_one_line_and_leaves_nothing_in_the_cache(
    tmp_path: Path, compiled_file: Path, everything: set[str]
) -> None:
    def makes_its_outputs(command: Sequence[str], _: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        outputs = json.loads(command[command.index("--json_serialized_invocation_args") + 1])["outputs"]
        for listed in outputs["artifacts"].values():
            inside(Path(environment[BOX_VARIABLE]), local_path(listed["artifacts"][0]["uri"])).mkdir()
        for parameter in outputs["parameters"].values():
            inside(Path(environment[BOX_VARIABLE]), parameter["outputFile"]).write_text("films")
        inside(Path(environment[BOX_VARIABLE]), outputs["outputFile"]).write_text("{}")
        return 0, ""

    backend = Backend(
        tmp_path, {"cxr-patient-key": {"key": "k"}}, ("cxr-films", "cxr-serving"), version=(2, 17),
        launch=functools.partial(launch, start=makes_its_outputs), away="dial tcp 10.0.0.7:9000: connection refused",
    )  # fmt: skip
    tasks = backend.run(compiled_file, {"data_digest": "films"})
    failed = {name: task for name, task in tasks.items() if task.state == "failed"}
    assert set(failed) == {"DataDigest", "ImportSchemaGen"}  # those without inputs; nothing else starts
    uri = 'remote storage URI "minio://mlpipeline/v2/artifacts/cxr/run-1/ImportSchemaGen/'
    (line,) = failed["ImportSchemaGen"].log.splitlines()
    assert line.startswith(f'failed to execute component: failed to upload output artifact "schema" to {uri}')
    assert line.endswith(": dial tcp 10.0.0.7:9000: connection refused")
    assert not backend.artifacts
    backend.away = ""
    assert ran(backend, compiled_file, data_digest="films") == everything


def test_importers_and_resolvers_are_as_in_the_backend(tmp_path: Path, documents: Any) -> None:
    spec, platform = documents
    spec["root"]["dag"]["tasks"] = {"ImportSchemaGen": spec["root"]["dag"]["tasks"]["ImportSchemaGen"]}
    executors = spec["deploymentSpec"]["executors"]
    schema = {"instanceSchema": "title: tfx.Schema\n"}
    executors["ImportSchemaGen_executor"] = {
        "importer": {"artifactUri": {"constant": "minio://b/schema"}, "typeSchema": schema}
    }
    (tmp_path / "importer.yaml").write_text(dump(spec, platform))
    tasks = Backend(tmp_path, launch=stand_in).run(tmp_path / "importer.yaml", {})
    assert tasks["ImportSchemaGen"].outputs["result"].uri == "minio://b/schema"
    executors["ImportSchemaGen_executor"] = {"resolver": {}}
    (tmp_path / "resolver.yaml").write_text(dump(spec, platform))
    with pytest.raises(ValueError, match="non-container and non-importer executor not implemented"):
        Backend(tmp_path, launch=stand_in).run(tmp_path / "resolver.yaml", {})
