"""The client's messages beside TensorFlow and tensorflow-serving-api, in one process, byte by byte."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from cxr_client import CxrClient, NotServedError, Signature, Tensor, VersionStatus, _messages, _tensors
from tests.serving.client.conftest import film

FILMS = [b"\xff\xd8\xff", b"", b"\0" * 300]


def test_a_request_is_the_same_bytes() -> None:
    theirs = predict_pb2.PredictRequest()
    theirs.model_spec.name, theirs.model_spec.signature_name = "cxr", "explain"
    theirs.model_spec.version.value = 7
    theirs.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(FILMS))
    ours = _messages.PredictRequest()
    ours.model_spec.name, ours.model_spec.signature_name = "cxr", "explain"
    ours.model_spec.version.value = 7
    ours.inputs.add(key="image_bytes", value=_tensors.of_strings(FILMS))
    assert ours.SerializeToString() == theirs.SerializeToString()


def test_every_field_has_the_number_and_type_that_it_has_there() -> None:
    status = get_model_status_pb2.GetModelStatusResponse()
    status.model_version_status.add(version=1 << 40, state="AVAILABLE").status.error_message = "no"
    ours = _messages.GetModelStatusResponse.FromString(status.SerializeToString())
    assert ours.SerializeToString() == status.SerializeToString()
    assert {number: name for name, number in get_model_status_pb2.ModelVersionStatus.State.items()} == _messages.STATES
    assert {number: tf.dtypes.as_dtype(number).name for number in _messages.DTYPES if number} == {
        1: "float32", 2: "float64", 3: "int32", 4: "uint8", 7: "string", 9: "int64", 10: "bool",
    }  # fmt: skip
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.version_label = "stable"
    ours = _messages.GetModelMetadataRequest(metadata_field=["signature_def"])
    ours.model_spec.version_label = "stable"
    assert ours.SerializeToString() == request.SerializeToString()


@pytest.mark.parametrize(
    "values",
    [[0.5, 0.25, 0.25], [[0.1, 0.9], [0.5, 0.5]], [True, False, False], [b"covid", b""], [[b"a", b"b"]], [7, 7, 7, 7]],
    ids=str,
)
def test_a_reply_of_theirs_is_read(values: list[object]) -> None:
    theirs = tf.make_tensor_proto(values).SerializeToString()
    ours = _messages.Tensor.FromString(theirs)
    assert _tensors.to_rows(ours, "x", len(values)) == tf.constant(values).numpy().tolist()
    assert ours.SerializeToString() == theirs


class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers with TensorFlow's own tensors."""

    def Predict(self, request, context):  # type: ignore[no-untyped-def]
        assert request.model_spec.name == "cxr"
        films = tf.make_ndarray(request.inputs["image_bytes"]).tolist()
        reply = predict_pb2.PredictResponse(model_spec=request.model_spec)
        reply.model_spec.version.value = 7
        count = len(films)
        outputs = {
            "probabilities": tf.tile([[0.75, 0.25]], [count, 1]),
            "classes": tf.tile([["covid", "healthy"]], [count, 1]),
            "label": ["covid"] * count,
            "score": [0.75] * count,
            "positive": [True] * count,
            "valid": [True] * count,
            "error": [""] * count,
            "heatmap_png_bytes": films,
        }
        for name, values in outputs.items():
            reply.outputs[name].CopyFrom(tf.make_tensor_proto(values))
        return reply

    def GetModelMetadata(self, request, context):  # type: ignore[no-untyped-def]
        reply = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=request.model_spec)
        reply.model_spec.version.value = 7
        signatures = get_model_metadata_pb2.SignatureDefMap()
        signature = signatures.signature_def["serving_default"]
        signature.inputs["image_bytes"].dtype = 7
        signature.inputs["image_bytes"].tensor_shape.dim.add(size=-1)
        signature.outputs["score"].dtype = 1
        signature.outputs["score"].tensor_shape.unknown_rank = True
        reply.metadata["signature_def"].Pack(signatures)
        return reply


class Models(model_service_pb2_grpc.ModelServiceServicer):
    def GetModelStatus(self, request, context):  # type: ignore[no-untyped-def]
        if request.model_spec.version.value == 9:
            context.abort(grpc.StatusCode.NOT_FOUND, "Could not find version 9 of model cxr")
        reply = get_model_status_pb2.GetModelStatusResponse()
        reply.model_version_status.add(version=7, state="AVAILABLE")
        return reply


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = grpc.server(ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Predictions(), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(0).wait()


def test_a_server_of_tensorflow_serving_api_is_understood(port: int) -> None:
    with CxrClient(f"grpc://127.0.0.1:{port}") as client:
        found = client.predict([film(9), film(10)], explain=True)
        assert [prediction.label for prediction in found] == ["covid", "covid"]
        assert (found[1].score, found[1].version) == (0.75, 7)
        assert found[1].heatmap is not None
        assert found[1].heatmap.png == film(10)
        assert client.status() == [VersionStatus(7, "AVAILABLE")]
        assert client.metadata().signatures == {
            "serving_default": Signature(
                {"image_bytes": Tensor("DT_STRING", (-1,))}, {"score": Tensor("DT_FLOAT", None)}
            )
        }
    with CxrClient(f"grpc://127.0.0.1:{port}", version=9) as client, pytest.raises(NotServedError, match="not served"):
        client.status()
