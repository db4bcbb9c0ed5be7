"""``cxr submit``: what the server gets, what is said meanwhile, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cxr.main import main
from pipeline.settings import load_settings
from tests.kubeflow.api_server import ApiServer, serving
from trainer.settings import TrainerSettings

CRON = ("--cron", "0 0 3 * * 1")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's pipeline."""
    from kubeflow.compiler import compile_pipeline

    file = tmp_path_factory.mktemp("submitted") / "pipeline.yaml"
    compile_pipeline(load_settings("sample", None, ["data.root=/films"]), file, "registry.example/cxr:0.1.0")
    return file


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kubeflow.submission.PERIOD", 0.0)
    monkeypatch.setattr("kfp.client.Client._LOCAL_KFP_CONTEXT", str(tmp_path / "context.json"))


def submit(server: ApiServer, *arguments: object, **variables: str) -> tuple[int, list[str]]:
    with serving(server) as host:
        done = CliRunner(env=variables).invoke(main, ["submit", *map(str, arguments), "--host", host])
    return done.exit_code, done.output.replace(host, "HOST").splitlines()


def test_a_run_is_followed_to_its_end_with_a_line_for_every_change_of_a_task(compiled: Path) -> None:
    server = ApiServer(
        [
            ("RUNNING", {"ManifestGen": "RUNNING", "ManifestGen-driver": "SUCCEEDED"}),
            ("RUNNING", {"ManifestGen": "SUCCEEDED", "XrayExampleGen": "RUNNING"}),
            ("SUCCEEDED", {"ManifestGen": "SUCCEEDED", "XrayExampleGen": "SUCCEEDED"}),
        ]
    )
    code, lines = submit(server, compiled)
    assert code == 0
    assert [line.partition("] ")[2] or line for line in lines if not line.startswith(("Run", "Exp", "Pipe"))] == [
        "HOST/#/runs/details/r1",
        "ManifestGen running",
        "ManifestGen succeeded",
        "XrayExampleGen running",
        "XrayExampleGen succeeded",
        "succeeded",
    ]


@pytest.mark.parametrize("state", ["FAILED", "CANCELED"])
def test_a_run_that_has_not_succeeded_is_a_failure_and_the_task_is_named(compiled: Path, state: str) -> None:
    code, lines = submit(ApiServer([(state, {"DataGate": "FAILED"})]), compiled)
    assert code == 1
    assert lines[-2].endswith("DataGate failed: exit 1")
    assert lines[-1] == state.lower()


def test_a_second_submission_is_a_new_version_of_the_same_pipeline(compiled: Path) -> None:
    server = ApiServer()
    for _ in range(2):
        assert submit(server, compiled, "--no-wait")[0] == 0
    assert list(server.versions) == ["v1", "v2"]
    assert server.experiments == ["cxr"]
    assert server.looks == 0
    assert [run["pipeline_version_reference"]["pipeline_version_id"] for run in server.runs] == ["v1", "v2"]


def parameters(server: ApiServer) -> dict[str, Any]:
    given: dict[str, Any] = server.runs[-1]["runtime_config"]["parameters"]
    return given


def test_films_that_cannot_be_seen_are_looked_at_by_the_run(compiled: Path) -> None:
    server = ApiServer()
    assert submit(server, compiled, "--no-wait")[0] == 0
    assert parameters(server) == {"data_digest": "auto"}


def test_a_pipeline_in_which_nothing_looks_at_films_is_not_told_to(compiled: Path, tmp_path: Path) -> None:
    spec, platform = yaml.safe_load_all(compiled.read_text())
    del platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["DataDigest_executor"]
    del spec["root"]["dag"]["tasks"]["DataDigest"]
    for task in spec["root"]["dag"]["tasks"].values():
        if "data_digest" in task.get("inputs", {}).get("parameters", {}):
            task["inputs"]["parameters"]["data_digest"] = {"componentInputParameter": "data_digest"}
    (tmp_path / "older.yaml").write_text(yaml.safe_dump_all([spec, platform]))
    code, lines = submit(ApiServer(), tmp_path / "older.yaml", *CRON)
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith("cxr: the pipeline has no DataDigest, which names the films in the cluster; write it")
    assert submit(ApiServer(), tmp_path / "older.yaml", "--no-wait", "--data-digest", "May")[0] == 0


def test_films_that_can_be_seen_are_named_by_what_they_are(compiled: Path, films: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "films"
    shutil.copytree(films, copy)
    server = ApiServer()
    names = []
    for _ in range(3):
        assert submit(server, compiled, "--no-wait", "--films", copy)[0] == 0
        names.append(parameters(server)["data_digest"])
        if len(names) == 2:
            film = next(copy.rglob("*.png"))
            film.write_bytes(film.read_bytes() + b"\0")
    assert names[0] == names[1] != names[2]


def test_settings_and_image_of_one_run_go_to_the_server(compiled: Path) -> None:
    server = ApiServer()
    code, _ = submit(
        server, compiled, "--no-wait", "--data-digest", "May", "--set", "trainer.epochs=5",
        "--set", "trainer.augmentation.strength=0.5", "--image", "registry.example/cxr:0.1.1",
    )  # fmt: skip
    assert code == 0
    assert set(parameters(server)) == {"data_digest", "trainer_settings"}
    compiled_settings = load_settings("sample", None, []).trainer
    sent = TrainerSettings.model_validate_json(parameters(server)["trainer_settings"])
    assert sent.augmentation.strength == 0.5
    assert sent == compiled_settings.model_copy(update={"epochs": 5, "augmentation": sent.augmentation})
    executors = server.versions["v1"]["deploymentSpec"]["executors"].values()
    assert {executor["container"]["image"] for executor in executors} == {"registry.example/cxr:0.1.1"}


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ("--set", "trainer.epochs=0"),
            "cxr: trainer_settings.epochs is 0: input should be greater than or equal to 1",
        ),
        (("--set", "split.by=film"), "cxr: --set 'split.by=film' is no key of data, trainer, gate; all else is"),
        (("--set", "trainer=5"), "cxr: --set 'trainer=5' is no key of data, trainer, gate; all else is compiled"),
        (("--set", "trainer"), "cxr: --set 'trainer' is not KEY=VALUE"),
        (
            ("--set", "trainer.epochs.all=1"),
            "cxr: trainer_settings.epochs is dict: input should be a valid integer",
        ),
        (("--image", "cxr:latest"), "cxr: rule image: the image is 'cxr:latest'"),
    ],
)
def test_wrong_use_is_told_before_anything_is_sent(compiled: Path, arguments: tuple[str, ...], message: str) -> None:
    server = ApiServer()
    code, lines = submit(server, compiled, *arguments)
    assert code == 2
    assert lines[0].startswith(message)
    assert not server.versions


def test_a_file_that_was_not_compiled_is_told(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text("a: b\n")
    assert submit(ApiServer(), tmp_path / "some.yaml") == (
        2, [f"cxr: {tmp_path}/some.yaml is not what cxr compile writes; write it again"]
    )  # fmt: skip
    code, lines = submit(ApiServer(), tmp_path / "none.yaml")
    assert (code, "cannot be read: No such file" in lines[0]) == (2, True)


def test_who_is_not_let_in_is_told_what_to_give(compiled: Path) -> None:
    server = ApiServer(header=("Cookie", "authservice_session=s"))
    code, lines = submit(server, compiled)
    assert code == 1
    assert lines[-1] == "cxr: HOST answered 401 Unauthorized: Unauthenticated; give --token or --cookie"
    assert submit(server, compiled, "--no-wait", CXR_KUBEFLOW_COOKIE="authservice_session=s")[0] == 0


def test_a_token_opens_the_way(compiled: Path) -> None:
    server = ApiServer(header=("Authorization", "Bearer t"))
    assert submit(server, compiled, "--no-wait", "--token", "t")[0] == 0


def test_what_the_server_refuses_is_one_line(compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubeflow.documents.check", lambda *_: None)
    spec, platform = yaml.safe_load_all(compiled.read_text())
    platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["Trainer_executor"]["nodeAffinity"] = []
    (tmp_path / "newer.yaml").write_text(yaml.safe_dump_all([spec, platform]))
    code, lines = submit(ApiServer(), tmp_path / "newer.yaml")
    assert code == 1
    assert lines[-1] == "cxr: HOST answered 400 Bad Request: unknown field nodeAffinity"


@pytest.mark.parametrize(
    "host, code, message",
    [
        ("kubeflow.example", 2, "cxr: --host is 'kubeflow.example'; give the URL of Kubeflow Pipelines"),
        ("http://127.0.0.1:9", 1, "cxr: http://127.0.0.1:9 does not answer"),
    ],
)
def test_a_host_that_is_none_is_told(compiled: Path, host: str, code: int, message: str) -> None:
    done = CliRunner().invoke(main, ["submit", str(compiled), "--host", host])
    assert done.exit_code == code
    assert done.output.splitlines()[-1].startswith(message)


def test_the_memo_of_digests_is_json_beside_the_file(compiled: Path, films: Path) -> None:
    submit(ApiServer(), compiled, "--no-wait", "--films", films)
    assert json.loads((compiled.parent / ".pipeline.yaml.digests.json").read_text())


def test_a_recurring_run_looks_at_the_films_itself_one_at_a_time_and_makes_up_for_none(compiled: Path) -> None:
    server = ApiServer()
    code, lines = submit(server, compiled, "--cron", " 0 0  3 * * 1 ", "--set", "trainer.epochs=5")
    assert code == 0
    ((name, recurring),) = server.recurring.items()
    assert lines[-1] == f"HOST/#/recurringrun/details/{name}"
    assert recurring["display_name"] == "cxr"
    assert recurring["trigger"] == {"cron_schedule": {"cron": "0 0 3 * * 1"}}
    assert (int(recurring["max_concurrency"]), recurring["no_catchup"], recurring["mode"]) == (1, True, "ENABLE")
    assert recurring["pipeline_version_reference"] == {"pipeline_id": "p", "pipeline_version_id": "v1"}
    given = recurring["runtime_config"]["parameters"]
    assert given["data_digest"] == "auto"
    assert json.loads(given["trainer_settings"])["epochs"] == 5
    tasks = server.versions["v1"]["root"]["dag"]["tasks"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    assert server.runs == []


def test_a_second_schedule_takes_the_place_of_the_first_and_leaves_those_of_others(compiled: Path) -> None:
    server = ApiServer()
    submit(server, compiled, *CRON)
    (first,) = server.recurring
    server.recurring["theirs"] = server.recurring[first] | {"display_name": "theirs"}
    code, lines = submit(server, compiled, "--cron", "@daily")
    assert code == 0
    assert "in the place of 1 before it" in lines
    assert first not in server.recurring
    kept = {one["display_name"]: one["trigger"]["cron_schedule"]["cron"] for one in server.recurring.values()}
    assert kept == {"theirs": "0 0 3 * * 1", "cxr": "@daily"}


def test_every_recurring_run_of_the_name_is_ended_on_however_many_pages(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubeflow.recurring._PAGE", 2)
    server = ApiServer()
    submit(server, compiled, *CRON)
    (one,) = server.recurring.values()
    server.recurring |= {f"another-{number}": one for number in range(4)}
    assert submit(server, "--stop") == (0, ["ended 5 recurring runs"])
    assert server.recurring == {}
    assert submit(server, "--stop")[1][-1] == "ended 0 recurring runs"


def test_a_schedule_that_the_server_refuses_leaves_the_one_before(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ApiServer()
    submit(server, compiled, *CRON)
    before = dict(server.recurring)
    monkeypatch.setattr("kubeflow.cron.check_cron", lambda _: "at noon")
    code, lines = submit(server, compiled, *CRON)
    assert (code, lines[-1]) == (
        1, "cxr: HOST answered 400 Bad Request: Schedule cron is not a supported format: at noon"
    )  # fmt: skip
    assert server.recurring == before


def test_a_pipeline_that_trains_anew_in_every_run_is_scheduled_with_a_warning(compiled: Path, tmp_path: Path) -> None:
    spec, platform = yaml.safe_load_all(compiled.read_text())
    for name, caches in {"ManifestGen": False, "Trainer": True}.items():
        spec["root"]["dag"]["tasks"][name]["cachingOptions"] = {"enableCache": caches}
    (tmp_path / "pipeline.yaml").write_text(yaml.safe_dump_all([spec, platform]))
    code, lines = submit(ApiServer(), tmp_path / "pipeline.yaml", *CRON)
    assert code == 0
    assert "ManifestGen: never taken from the cache, so every run trains anew" in lines


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--cron", "0 0 25 * * 1"), "cxr: --cron '0 0 25 * * 1': hour is '25'; allowed are 0 to 23, lists (1,2)"),
        (("--cron", ""), "cxr: --cron '' has 0 fields; Kubeflow reads six"),
        ((*CRON, "--data-digest", "May"), "Error: every run that --cron starts looks at the films; leave out --films"),
        ((*CRON, "--films", "."), "Error: every run that --cron starts looks at the films; leave out --films"),
        ((*CRON, "--stop"), "Error: --stop ends what --cron begins; give one of them"),
    ],
)
def test_a_faulty_schedule_is_told_before_anything_is_sent(
    compiled: Path, arguments: tuple[str, ...], message: str
) -> None:
    server = ApiServer()
    code, lines = submit(server, compiled, *arguments)
    assert code == 2
    assert lines[-1].startswith(message)
    assert not server.versions
    assert not server.recurring
