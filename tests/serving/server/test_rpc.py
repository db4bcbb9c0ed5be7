"""gRPC as a real TF Serving 2.16.1 was seen to answer; each test is one of its habits, unless it says otherwise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest, SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from serving.saved_model import SavedModel

from .conftest import Served, as_base64, request_of

Code = grpc.StatusCode


def refused(call: Callable[[], Any]) -> tuple[Code, str]:
    with pytest.raises(grpc.RpcError) as raised:
        call()
    return raised.value.code(), raised.value.details()


def test_a_reply_names_the_version_and_the_signature_that_answered(server: Served, film: bytes) -> None:
    spec = server.predict(film).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("cxr", 7, "serving_default")


def test_grpc_and_rest_give_the_same_answer(server: Served, three_films: list[bytes]) -> None:
    outputs = server.predict(*three_films).outputs
    rows = server.post({"instances": [as_base64(film) for film in three_films]}).json()["predictions"]
    np.testing.assert_allclose(tf.make_ndarray(outputs["score"]), [row["score"] for row in rows], atol=1e-6)
    assert [one.decode() for one in outputs["label"].string_val] == [row["label"] for row in rows]
    assert list(outputs["positive"].bool_val) == [row["positive"] for row in rows]


def test_the_server_answers_as_the_model_does_without_one(
    server: Served, model_folder: Path, three_films: list[bytes], tmp_path: Path
) -> None:
    paths = [tmp_path / str(index) for index in range(len(three_films))]
    for path, film in zip(paths, three_films, strict=True):
        path.write_bytes(film)
    alone = [one.score for one in SavedModel(model_folder).predict(paths)]
    np.testing.assert_allclose(server.predict(*three_films).outputs["score"].float_val, alone, atol=1e-5)


def test_values_come_one_by_one_and_not_as_tensor_content(server: Served, film: bytes) -> None:
    probabilities = server.predict(film).outputs["probabilities"]
    assert probabilities.tensor_content == b""
    assert len(probabilities.float_val) == 2
    assert [dim.size for dim in probabilities.tensor_shape.dim] == [1, 2]


def test_a_filter_chooses_the_outputs(server: Served, film: bytes) -> None:
    request = request_of(film, signature="explain")
    request.output_filter.extend(["heatmap_png_bytes", "score"])
    assert set(server.predictions.Predict(request).outputs) == {"heatmap_png_bytes", "score"}


def test_one_bad_film_does_not_sink_the_others(server: Served, film: bytes) -> None:
    outputs = server.predict(film, b"", film[:-30], film).outputs
    assert list(outputs["valid"].bool_val) == [True, False, False, True]
    assert list(outputs["score"].float_val)[1:3] == [-1, -1]


def test_a_batch_is_answered_as_its_films_alone(server: Served, three_films: list[bytes]) -> None:
    alone = [server.predict(film).outputs["score"].float_val[0] for film in three_films]
    np.testing.assert_allclose(server.predict(*three_films).outputs["score"].float_val, alone, atol=1e-6)


@pytest.mark.parametrize(
    "spec, code, message",
    [
        ({"name": "nope"}, Code.NOT_FOUND, "Servable not found for request: Latest(nope)"),
        ({"version": 77}, Code.NOT_FOUND, "Servable not found for request: Specific(cxr, 77)"),
        ({"label": "nope"}, Code.INVALID_ARGUMENT, "Unrecognized servable version label: nope"),
        ({"signature": "zz"}, Code.FAILED_PRECONDITION, 'Serving signature key "zz" not found.'),  # over REST 400
        ({"name": ""}, Code.INVALID_ARGUMENT, "ModelSpec has no name specified."),
    ],
)
def test_what_is_not_there_is_refused(
    server: Served, film: bytes, spec: dict[str, Any], code: Code, message: str
) -> None:
    assert refused(lambda: server.predict(film, **spec)) == (code, message)


def _renamed(film: bytes) -> PredictRequest:
    request = request_of()
    request.inputs["image"].CopyFrom(request_of(film).inputs["image_bytes"])
    del request.inputs["image_bytes"]
    return request


def _extra(film: bytes) -> PredictRequest:
    request = request_of(film)
    request.inputs["extra"].CopyFrom(request.inputs["image_bytes"])
    return request


def _typed(film: bytes) -> PredictRequest:
    request = request_of(film)
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([1.0]))
    return request


def _scalar(film: bytes) -> PredictRequest:
    request = request_of(film)
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(film))
    return request


def _filtered(film: bytes) -> PredictRequest:
    request = request_of(film)
    request.output_filter.append("zzz")
    return request


@pytest.mark.parametrize(
    "make, message",
    [
        (_renamed, "Signature input alias: image_bytes(feed name: serving_default_image_bytes:0) not found in request "
         "and no default value provided. Inputs expected to be in the request {image}."),
        (_extra, "input size does not match signature: 2!=1 len({extra,image_bytes}) != len({image_bytes}). Sent "
         "extra: {extra}. Missing but required: {}."),
        (_typed, "Expects arg[0] to be string but float is provided"),
        (_scalar, "Tensor must be at least a vector, but saw shape: []"),
        (_filtered, "output tensor alias not found in signature: zzz Outputs expected to be in the set "
         "{OUTPUTS}."),
    ],
)  # fmt: skip
def test_wrong_inputs_are_refused_in_the_words_of_the_real_server(
    server: Served, film: bytes, make: Callable[[bytes], PredictRequest], message: str
) -> None:
    call = refused(lambda: server.predictions.Predict(make(film)))
    outputs = ",".join(sorted(server.predict(film).outputs))
    assert call == (Code.INVALID_ARGUMENT, message.replace("OUTPUTS", outputs))


def test_no_films_are_refused(server: Served) -> None:
    """The real server says a sentence on shapes; with batching it dies."""
    code, message = refused(server.predict)
    assert code is Code.INVALID_ARGUMENT
    assert "send at least one film" in message


def test_more_films_than_a_batch_are_refused_as_by_a_server_that_batches(server: Served) -> None:
    assert refused(lambda: server.predict(*[b""] * 65)) == (
        Code.INVALID_ARGUMENT,
        "Task size 65 is larger than maximum input batch size 64",
    )


def test_a_deadline_passes_and_the_server_goes_on(server: Served, film: bytes) -> None:
    code, _ = refused(lambda: server.predict(film, timeout=1e-3))
    assert code is Code.DEADLINE_EXCEEDED
    assert server.predict(film).outputs["valid"].bool_val[0]


def test_records_that_are_none_are_refused(server: Served) -> None:
    request = request_of(signature="examples")
    del request.inputs["image_bytes"]
    request.inputs["examples"].CopyFrom(tf.make_tensor_proto([b"\xff\xff"]))
    code, message = refused(lambda: server.predictions.Predict(request))
    assert code is Code.INVALID_ARGUMENT
    assert "parse" in message


def test_the_metadata_hold_the_signatures(server: Served) -> None:
    request = GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "cxr"
    reply = server.predictions.GetModelMetadata(request)
    signatures = SignatureDefMap.FromString(reply.metadata["signature_def"].value).signature_def
    assert {"serving_default", "explain", "examples"} < set(signatures)
    assert reply.model_spec.version.value == 7


@pytest.mark.parametrize(
    "fields, message",
    [([], "GetModelMetadataRequest must specify at least one metadata_field"),
     (["x"], "Metadata field x is not supported")],
)  # fmt: skip
def test_other_metadata_are_refused(server: Served, fields: list[str], message: str) -> None:
    request = GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = "cxr"
    assert refused(lambda: server.predictions.GetModelMetadata(request)) == (Code.INVALID_ARGUMENT, message)


def test_the_status_lists_versions_and_ignores_a_label(server: Served) -> None:
    request = GetModelStatusRequest()
    request.model_spec.name, request.model_spec.version_label = "cxr", "nope"
    (status,) = server.models.GetModelStatus(request).model_version_status
    assert (status.version, status.state, status.status.error_code) == (7, status.AVAILABLE, 0)


def test_the_status_of_what_was_never_there_is_refused(server: Served) -> None:
    request = GetModelStatusRequest()
    request.model_spec.name = "nope"
    unknown = Code.NOT_FOUND, "Could not find any versions of model nope"
    assert refused(lambda: server.models.GetModelStatus(request)) == unknown
    request.model_spec.name, request.model_spec.version.value = "cxr", 9
    unknown = Code.NOT_FOUND, "Could not find version 9 of model cxr"
    assert refused(lambda: server.models.GetModelStatus(request)) == unknown


@pytest.mark.parametrize("name", ["", "ModelService", "PredictionService"])
def test_the_health_service_says_serving(server: Served, name: str) -> None:
    """As the real server with --enable_grpc_healthcheck_service."""
    stub = health_pb2_grpc.HealthStub(server.channel)
    request = health_pb2.HealthCheckRequest(service=name)
    server.wait_for(lambda: stub.Check(request).status == health_pb2.HealthCheckResponse.SERVING)
