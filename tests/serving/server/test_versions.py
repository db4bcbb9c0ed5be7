"""How versions come and go, as a real TF Serving 2.16.1 was seen to do it, unless a test says otherwise.

The models are real, and each start of one takes half a second: most of it is one long story per test.
"""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import grpc
import numpy as np
import psutil
import pytest
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import (
    ClassifyLog,
    MultiInferenceLog,
    PredictionLog,
    PredictLog,
    RegressLog,
)

from serving.server.configuration import FileSource, FolderSource
from serving.server.faults import Fault
from serving.server.servable import Servable
from serving.server.tensors import bytes_array
from serving.server.warm_up import WARM_UP_FILE

from .conftest import Running, Served, as_base64, request_of

Push = Callable[..., Path]


def log_of(request: PredictRequest) -> bytes:
    log: bytes = PredictionLog(predict_log=PredictLog(request=request)).SerializeToString()
    return log


def warm_up(*records: bytes) -> Callable[[Path], None]:
    """Writes a warm-up file into a version's folder."""

    def write(folder: Path) -> None:
        (folder / WARM_UP_FILE).parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(folder / WARM_UP_FILE)) as writer:
            for record in records:
                writer.write(record)

    return write


def test_versions_come_and_go_as_folders_do(push: Push, run_server: Running, tmp_path: Path, film: bytes) -> None:
    models = tmp_path / "models"
    with run_server(FolderSource(models)) as served:
        # The real server waits with closed ports; this one says that there is nothing.
        served.wait_for(lambda: "no model yet; waiting for one" in served.said)
        assert served.post({"instances": [as_base64(film)]}).status_code == 404
        push("0000000008")
        served.wait_for(lambda: served.states() == {"8": "AVAILABLE"})
        for name in ("tmp", "5.partial", "x6", "00007x", "-1", ".tmp4"):
            push(name)
        push(9)
        served.wait_for(lambda: served.states() == {"9": "AVAILABLE", "8": "END"})  # the history stays
        assert served.predict(film).model_spec.version.value == 9
        with pytest.raises(grpc.RpcError, match=r"Specific\(cxr, 8\)"):
            served.predict(film, version=8)
        shutil.rmtree(models / "cxr" / "9")  # back to the next lower version
        served.wait_for(lambda: served.states() == {"9": "END", "8": "AVAILABLE"})
        shutil.rmtree(models / "cxr" / "0000000008")
        served.wait_for(lambda: served.states() == {"9": "END", "8": "END"})
        assert served.post({"instances": [as_base64(film)]}).status_code == 404
        shutil.rmtree(models / "cxr")
        push(10)
        served.wait_for(lambda: served.states().get("10") == "AVAILABLE")
        shutil.rmtree(models / "cxr")  # what is served goes on without its folder
        push(1, name="other")
        served.wait_for(lambda: served.states("other") == {"1": "AVAILABLE"})
        assert served.states()["10"] == "AVAILABLE"


def test_a_version_that_cannot_be_served_leaves_the_old_one_in_place(
    push: Push, run_server: Running, tmp_path: Path, film: bytes
) -> None:
    def half_written(folder: Path) -> None:
        shutil.rmtree(folder / "variables")

    def cut_off(folder: Path) -> None:
        (data,) = (folder / "variables").glob("*.data*")
        data.write_bytes(data.read_bytes()[:1000])

    def garbage(folder: Path) -> None:
        (folder / "saved_model.pb").write_bytes(b"\xffno model")

    push(1)
    with run_server(
        FolderSource(tmp_path / "models" / "cxr")
    ) as served:  # a model's folder, and not a folder of models
        served.wait_for(lambda: served.states() == {"1": "AVAILABLE"})
        (tmp_path / "models" / "cxr" / "2").mkdir()
        served.wait_for(lambda: served.states().get("2") == "LOADING")
        assert served.predict(film).model_spec.version.value == 1
        # The real server serves the half-written one, and every request fails, unless a warm-up file stops it.
        for version, change in enumerate((half_written, cut_off, garbage), start=3):
            folder = push(version, change=change)
            served.wait_for(lambda version=version: served.states().get(str(version)) == "END")
            assert served.predict(film).model_spec.version.value == 1
        reply = served.http.get("/v1/models/cxr/versions/4").json()["model_version_status"][0]
        assert reply["status"]["error_code"] == "OUT_OF_RANGE"
        assert "Read less bytes than requested" in reply["status"]["error_message"]
        shutil.copy(tmp_path / "models" / "cxr" / "1" / "saved_model.pb", folder)  # completed later: not tried again
        push(6)
        served.wait_for(lambda: served.states().get("6") == "AVAILABLE")
        served.wait_for(lambda: served.states() == {"6": "AVAILABLE", **dict.fromkeys("54321", "END")})
        assert "cxr: version 5 cannot be served; version 1 goes on" in " ".join(served.said)
        (tmp_path / "models" / "cxr" / "7").mkdir()
        served.wait_for(lambda: served.states().get("7") == "LOADING")
        for part in ("variables", "saved_model.pb"):  # filled in place, which nobody should do, and in a lucky order
            shutil.move(tmp_path / "models" / "cxr" / "1" / part, tmp_path / "models" / "cxr" / "7" / part)
        served.wait_for(lambda: served.states().get("7") == "AVAILABLE")


def test_no_request_is_lost_while_versions_change(push: Push, run_server: Running, tmp_path: Path, film: bytes) -> None:
    """The real server: 2033 requests over two swaps, none failed."""
    push(1)
    answered: list[int] = []
    failed: list[Exception] = []
    with run_server(FolderSource(tmp_path / "models")) as served:
        served.wait_for(lambda: served.states() == {"1": "AVAILABLE"})
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                try:
                    answered.append(served.predict(film).model_spec.version.value)
                except grpc.RpcError as error:
                    failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for version in (2, 3):
            served.wait_for(lambda version=version: version - 1 in answered)
            push(version)
            served.wait_for(lambda version=version: served.states().get(str(version - 1)) == "END")
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert {1, 2, 3} == set(answered)


def test_a_version_that_goes_frees_its_memory(model_folder: Path, film: bytes) -> None:
    def swap() -> int:
        servable = Servable.load("cxr", 7, model_folder / "7")
        servable.run("serving_default", {"image_bytes": bytes_array([film])})
        held: int = psutil.Process().memory_info().rss
        servable.close()
        return held

    held = [swap() for _ in range(8)]
    freed = held[-1] - psutil.Process().memory_info().rss
    assert held[-1] - held[2] < 0.1 * 5 * freed  # of five more versions not a tenth is left


@pytest.mark.parametrize(
    "records, message",
    [
        ([log_of(request_of(b"no film"))], ""),  # fails that film alone, and not the request
        ([log_of(request_of(signature="zz"))], 'FAILED_PRECONDITION: Serving signature key "zz" not found.'),
        ([log_of(PredictRequest())], "INVALID_ARGUMENT: input size does not match signature: 0!=1"),
        ([b"\xff\xff"], "INVALID_ARGUMENT: Failed to parse warmup record"),
        ([log_of(request_of(b"no film"))] * 1001, "Number of warmup records exceeds the maximum (1000)"),
        ([], ""),
        ([PredictionLog(classify_log=ClassifyLog()).SerializeToString()], "Expected one or two output Tensors, found"),
        ([PredictionLog(regress_log=RegressLog()).SerializeToString()], "Expected one output Tensor."),
        (
            [PredictionLog(multi_inference_log=MultiInferenceLog()).SerializeToString()],
            "Unsupported log_type",
        ),  # the real one runs it
    ],
)
def test_a_version_must_answer_its_warm_up_requests(
    push: Push, monkeypatch: pytest.MonkeyPatch, records: list[bytes], message: str
) -> None:
    folder = push(1, change=warm_up(*records))
    if not message:
        Servable.load("cxr", 1, folder).close()
        return
    if len(records) > 1000:
        monkeypatch.setattr(Servable, "run", lambda *_: {})
    with pytest.raises(Fault) as raised:
        Servable.load("cxr", 1, folder)
    assert message in str(raised.value)


def test_a_warm_up_file_that_is_no_tfrecord_refuses_the_version(push: Push) -> None:
    def write(folder: Path) -> None:
        warm_up()(folder)
        (folder / WARM_UP_FILE).write_bytes(b"this is no TFRecord at all")

    with pytest.raises(Fault, match=r"DATA_LOSS: .*Please verify your warmup data is in TFRecord format") as raised:
        Servable.load("cxr", 1, push(1, change=write))
    assert raised.value.code is grpc.StatusCode.DATA_LOSS


@pytest.mark.parametrize("warmed", [True, False])
def test_an_export_that_holds_the_keras_model_is_stopped_by_its_warm_up(
    tmp_path: Path, run_server: Running, warmed: bool
) -> None:
    """Without a warm-up file the real server serves it, and every request fails; tf.saved_model.load hides it."""
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    module = tf.Module()
    module.model = model
    function = tf.function(lambda x: {"y": model(x)}, input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    folder = tmp_path / "bad" / "1"
    tf.saved_model.save(module, str(folder), signatures={"serving_default": function})
    if warmed:
        request = PredictRequest()
        request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.ones((1, 2), np.float32)))
        warm_up(log_of(request))(folder)
    with run_server(FolderSource(tmp_path)) as served:
        served.wait_for(lambda: served.states("bad").get("1") == ("END" if warmed else "AVAILABLE"))
        reply = served.post({"instances": [[1, 2]]}, "/v1/models/bad:predict")
        assert reply.status_code == (404 if warmed else 400)
        assert warmed or "Could not find variable" in reply.json()["error"]


def config(folder: Path, policy: str = "", labels: dict[str, int] | None = None, name: str = "cxr") -> str:
    named = " ".join(
        f'version_labels {{ key: "{label}" value: {version} }}' for label, version in (labels or {}).items()
    )
    return (
        f'model_config_list {{ config {{ name: "{name}" base_path: "{folder}" model_platform: "tensorflow" '
        f"{policy and f'model_version_policy {{ {policy} }}'} {named} }} }}"
    )


def test_a_config_file_chooses_versions_and_names_them(
    push: Push, run_server: Running, tmp_path: Path, film: bytes
) -> None:
    file, base = tmp_path / "models.config", tmp_path / "models" / "cxr"
    for version in (1, 2, 3):
        push(version)
    both = "specific { versions: 1 versions: 2 }"
    file.write_text(config(base, both, {"stable": 1, "canary": 2}))

    def version_of(label: str, served: Served) -> int:
        number: int = served.predict(film, label=label).model_spec.version.value
        return number

    with run_server(FileSource(file)) as served:
        served.wait_for(lambda: served.states() == {"2": "AVAILABLE", "1": "AVAILABLE"})
        assert (version_of("stable", served), version_of("canary", served)) == (1, 2)
        assert served.predict(film).model_spec.version.value == 2
        assert served.post({"instances": [as_base64(film)]}, "/v1/models/cxr/labels/stable:predict").status_code == 200
        metadata = served.http.get("/v1/models/cxr/labels/stable/metadata").json()
        assert metadata["model_spec"]["version"] == "1"  # a label counts here, as it does not for the status
        file.write_text(config(base, both, {"stable": 2, "canary": 3}))  # a rollback, or a promotion
        told = "cxr: label 'canary' means version 3, which is not served; it stays on version 2"
        served.wait_for(lambda: told in served.said)
        assert (version_of("stable", served), version_of("canary", served)) == (2, 2)
        file.write_text(config(base, "specific { versions: 3 versions: 2 }", {"canary": 3, "next": 4}))
        served.wait_for(lambda: "cxr: label 'next' means version 4, which is not served" in served.said)
        assert version_of("canary", served) == 3
        with pytest.raises(grpc.RpcError, match=r"Specific\(cxr, 4\)"):
            version_of("next", served)
        with pytest.raises(grpc.RpcError, match="Unrecognized servable version label: stable"):
            version_of("stable", served)
        file.write_text("no config {")  # what was said last holds
        served.wait_for(lambda: any("is no text form of" in line for line in served.said))
        assert version_of("canary", served) == 3
        file.write_text(config(base, name="renamed"))  # a full replacement
        served.wait_for(lambda: served.states("renamed") == {"3": "AVAILABLE"} and not served.states())
