"""ReloadConfig as TF Serving 2.16's sources have it, unless a test says otherwise."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import text_format
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.configuration import FileSource, FolderSource
from serving.server.models import Models
from serving.server.watch import Watch

from .conftest import Running, Served
from .test_rpc import Code, refused

Put = Callable[..., Path]


@pytest.fixture
def put(example_model: Path, tmp_path: Path) -> Put:
    """Puts a version of the example model, or a broken one, into ``tmp_path/PLACE/NAME``; returns that folder."""

    def publish(name: str, version: int, place: str = "models", *, broken: bool = False) -> Path:
        folder = tmp_path / place / name
        draft = folder / f".{version}"
        shutil.copytree(example_model, draft)
        if broken:
            (draft / "saved_model.pb").write_bytes(b"\xffno model")
        draft.rename(folder / str(version))
        return folder

    return publish


def model(name: str, folder: Path | str, more: str = "", platform: str = "tensorflow") -> str:
    return f'config {{ name: "{name}" base_path: "{folder}" model_platform: "{platform}" {more} }}'


def labels(**versions: int) -> str:
    return " ".join(f'version_labels {{ key: "{label}" value: {number} }}' for label, number in versions.items())


def policy(*versions: int) -> str:
    return f"model_version_policy {{ specific {{ {' '.join(f'versions: {number}' for number in versions)} }} }}"


def configured(*models: str) -> str:
    return f"model_config_list {{ {' '.join(models)} }}"


def reload(served: Served, config: str) -> ReloadConfigResponse:
    request = ReloadConfigRequest(config=text_format.Parse(config, ModelServerConfig()))
    reply: ReloadConfigResponse = served.models.HandleReloadConfigRequest(request, timeout=60)
    return reply


def available(served: Served, name: str) -> list[int]:
    """The versions of a model that answer."""
    return sorted(int(number) for number, state in served.states(name).items() if state == "AVAILABLE")


def version_of(served: Served, name: str, path: str = "") -> int:
    """The version that answers what is asked of a model, by the path of its metadata."""
    reply = served.http.get(f"/v1/models/{name}{path}/metadata")
    assert reply.status_code == 200, reply.text
    return int(reply.json()["model_spec"]["version"])


def test_all_models_are_replaced_before_it_answers(put: Put, run_server: Running, tmp_path: Path) -> None:
    put("a", 1)
    b = put("b", 1, "elsewhere")
    for number in (2, 3):
        put("b", number, "elsewhere")
    with run_server(FolderSource(tmp_path / "models")) as served:
        served.wait_for(lambda: available(served, "a") == [1])
        reply = reload(served, configured(model("b", b, policy(1, 2))))
        assert reply.HasField("status")
        assert (reply.status.error_code, reply.status.error_message) == (0, "")
        assert (available(served, "a"), available(served, "b")) == ([], [1, 2])
        assert version_of(served, "b") == 2
        reload(served, configured(model("b", b, f"{policy(1, 2)} {labels(stable=1)}")))
        assert version_of(served, "b", "/labels/stable") == 1
        # The real server answers before the versions of a model that it has already come.
        reload(served, configured(model("b", b, f"{policy(3, 1)} {labels(canary=1)}")))
        assert available(served, "b") == [1, 3]
        assert version_of(served, "b", "/labels/canary") == 1
        assert served.http.get("/v1/models/b/labels/stable/metadata").status_code == 400
        assert reload(served, configured()).status.error_code == 0
        assert available(served, "b") == []
    assert [line for line in served.said if line.startswith("ReloadConfig")] == [
        *["ReloadConfig: the models are b"] * 3, "ReloadConfig: the models are none",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def one(example_model: Path, run_server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the model ``one`` whose reloads all fail."""
    models = tmp_path_factory.mktemp("models")
    (models / "one").symlink_to(example_model.parent)
    with run_server(FolderSource(models)) as served:
        served.wait_for(lambda: available(served, "one") == [1])
        yield served


UNSUPPORTED = (
    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
)
UNAVAILABLE = "Request to assign label to version {} of model {}, which is not currently available for inference"
EMPTY = "Model x has no such version under its base_path yet; push one, then ask again"
PLATFORM = "ModelServerConfig::model_type (deprecated) {} ModelServerConfig::model_platform."


@pytest.mark.parametrize(
    "config, code, message",
    [
        ("", Code.INVALID_ARGUMENT, UNSUPPORTED),
        ("custom_model_config {}", Code.INVALID_ARGUMENT, UNSUPPORTED),
        (
            configured(model("x", "/x"), model("x", "/y")),
            Code.INVALID_ARGUMENT,
            "Illegal to list model x multiple times in config list",
        ),
        (
            configured(model("x", "models/x")),
            Code.INVALID_ARGUMENT,
            "Expected model x to have an absolute path or URI; got base_path()=models/x",
        ),
        (
            configured(model("x", "/x", platform="")),
            Code.INVALID_ARGUMENT,
            f"Illegal setting neither {PLATFORM.format('nor')}",
        ),
        (
            configured(model("x", "/x", "model_type: TENSORFLOW")),
            Code.INVALID_ARGUMENT,
            f"Illegal setting both {PLATFORM.format('and')}",
        ),
        (
            configured(model("x", "/x", "model_type: OTHER", platform="")),
            Code.INVALID_ARGUMENT,
            "ModelServerConfig::model_type choice 2 not supported.",
        ),
        (
            configured(model("x", "/x", platform="onnx")),
            Code.INVALID_ARGUMENT,
            "Model x requests unsupported platform onnx",
        ),
        (
            configured(model("one", "/x", platform="onnx")),
            Code.INVALID_ARGUMENT,
            "Illegal to change a model's platform. For model one platform was tensorflow and new platform requested is "
            "onnx",
        ),
        (
            configured(model("one", "/x", labels(stable=1, canary=2))),
            Code.FAILED_PRECONDITION,
            UNAVAILABLE.format(2, "one"),
        ),
        (configured(model("x", "/x", labels(stable=1))), Code.FAILED_PRECONDITION, UNAVAILABLE.format(1, "x")),
        # These the real server takes, and waits for ever or serves what nobody can ask for.
        (configured(model("x", "/nowhere")), Code.FAILED_PRECONDITION, EMPTY),
        (configured(model("x", r"/\000")), Code.FAILED_PRECONDITION, EMPTY),
        (configured(model("", "/x")), Code.INVALID_ARGUMENT, "the model of base_path '/x' has no name; give it one"),
    ],
)
def test_a_configuration_that_is_refused_changes_nothing(
    one: Served, config: str, code: grpc.StatusCode, message: str
) -> None:
    assert refused(lambda: reload(one, config)) == (code, message)
    assert (available(one, "one"), available(one, "x")) == ([1], [])


def test_a_model_that_does_not_load_leaves_all_as_it_was(put: Put, run_server: Running, tmp_path: Path) -> None:
    """The real server keeps the new configuration, the model that fails among it."""
    a = put("a", 1)
    good, bad = put("good", 1, "elsewhere"), put("bad", 3, "elsewhere", broken=True)
    with run_server(FolderSource(tmp_path / "models")) as served:
        served.wait_for(lambda: available(served, "a") == [1])
        code, message = refused(lambda: reload(served, configured(model("good", good), model("bad", bad))))
        assert code is Code.UNKNOWN
        assert message.startswith("1 model(s) did not become available: {{{name: bad version: 3} due to error: ")
        assert message.endswith("}, }")
        assert [available(served, name) for name in ("a", "good", "bad")] == [[1], [], []]
        shutil.rmtree(bad)
        put("bad", 3, "elsewhere")  # mended under its own number, which counts because nothing is left of the attempt
        reload(served, configured(model("a", a), model("good", good), model("bad", bad)))
        assert [available(served, name) for name in ("a", "good", "bad")] == [[1], [1], [3]]


def test_no_request_is_lost_while_others_reload(put: Put, run_server: Running, tmp_path: Path) -> None:
    a, b = put("a", 1), put("b", 1, "elsewhere")
    put("a", 2)
    failed: list[str] = []
    answered: set[int] = set()
    with run_server(FolderSource(tmp_path / "models"), interval=0.001) as served:
        served.wait_for(lambda: available(served, "a") == [2])
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                reply = served.post({"examples": [{"x": [0.5, 0.5]}]}, "/v1/models/a:classify")
                if reply.status_code != 200:
                    failed.append(reply.text)
                answered.add(version_of(served, "a"))

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        alone, with_b = [], [model("b", b)]
        wanted = [configured(model("a", a, policy(number)), *others) for number in (1, 2) for others in (alone, with_b)]
        reloads = [threading.Thread(target=reload, args=(served, config)) for config in wanted]
        for one_of_them in reloads:
            one_of_them.start()
        for one_of_them in reloads:
            one_of_them.join()
        reload(served, wanted[-1])
        assert (available(served, "a"), available(served, "b")) == ([2], [1])
        stop.set()
        for asker in askers:
            asker.join()
    assert failed == []
    assert answered == {1, 2}


def test_it_holds_until_the_file_says_something_else(put: Put, run_server: Running, tmp_path: Path) -> None:
    """The real server with --model_config_file_poll_wait_seconds takes the file's models again at its next look."""
    put("a", 1)
    put("b", 1)
    put("b", 2)
    file, looked = tmp_path / "models.config", threading.Semaphore(0)

    class Counted(FileSource):
        def read(self) -> Any:
            looked.release()
            return super().read()

    def write(text: str) -> None:
        (tmp_path / "draft").write_text(text)
        (tmp_path / "draft").replace(file)

    write(configured(model("a", "/models/a")))
    with run_server(Counted(file, tmp_path / "models")) as served:
        served.wait_for(lambda: available(served, "a") == [1])
        reload(served, configured(model("b", "/models/b", policy(1))))  # a container's path, as in the file
        for _ in range(3):
            assert looked.acquire(timeout=30)
        assert (available(served, "a"), available(served, "b")) == ([], [1])
        write(configured(model("b", "/models/b")))
        served.wait_for(lambda: available(served, "b") == [2])
        assert "the models of ReloadConfig give way: those that were named at the start have changed" in served.said


def test_other_machines_may_not_reload_unless_they_are_let(put: Put, run_server: Running, tmp_path: Path) -> None:
    """The real server lets whoever reaches its port."""
    put("a", 1)
    source = FolderSource(tmp_path / "models")
    with run_server(source, host="0.0.0.0") as served:
        assert refused(lambda: reload(served, configured())) == (
            Code.PERMISSION_DENIED,
            "other machines reach this server, and may not choose its models; start it with --allow-reload",
        )
    with run_server(source, host="0.0.0.0", allow_reload=True) as served:
        assert reload(served, configured()).status.error_code == 0


def test_what_is_given_up_before_its_turn_does_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    watch = Watch(Models(said.append), FolderSource(tmp_path), said.append, interval=0)
    config = text_format.Parse(configured(), ModelServerConfig())
    assert watch.reload(config).cancel()
    kept = watch.reload(config)
    watch.start()
    assert kept.result(30) is None
    assert watch.stop(30)
    assert said.count("ReloadConfig: the models are none") == 1
