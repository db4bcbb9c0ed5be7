"""Classify and Regress as TF Serving 2.16's sources have them; what a real one was seen to answer says so."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.input_pb2 import Input
from tensorflow_serving.apis.prediction_log_pb2 import ClassifyLog, PredictionLog, RegressLog
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

from serving.server.configuration import FolderSource
from serving.server.faults import Fault
from serving.server.servable import Servable

from .conftest import Running, Served
from .test_rest import error_of
from .test_rpc import Code, refused
from .test_versions import warm_up

CLASSIFY, REGRESS = "/v1/models/one:classify", "/v1/models/one:regress"


@pytest.fixture(scope="module")
def one(example_model: Path, run_server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the model ``one``, which takes examples."""
    models = tmp_path_factory.mktemp("models")
    (models / "one").symlink_to(example_model.parent)
    with run_server(FolderSource(models)) as served:
        served.wait_for(lambda: served.states("one") == {"1": "AVAILABLE"})
        yield served


def example(*x: float) -> tf.train.Example:
    features = {"x": tf.train.Feature(float_list=tf.train.FloatList(value=x))} if x else {}
    return tf.train.Example(features=tf.train.Features(feature=features))


def given(*rows: tuple[float, ...], context: tuple[float, ...] | None = None) -> Input:
    made = Input()
    if context is not None:
        made.example_list_with_context.context.CopyFrom(example(*context))
    listed = made.example_list if context is None else made.example_list_with_context
    listed.examples.extend(example(*row) for row in rows)
    return made


def asked(kind: Any, *rows: tuple[float, ...], name: str = "one", signature: str = "", **options: Any) -> Any:
    request = kind(input=given(*rows, **options))
    request.model_spec.name, request.model_spec.signature_name = name, signature
    return request


def test_classify_gives_a_label_and_a_score_of_each_class_of_each_example(one: Served) -> None:
    reply = one.predictions.Classify(asked(ClassificationRequest, (0.25, 0.75), (1, 0)))
    pairs = [[(pair.label, pair.score) for pair in row.classes] for row in reply.result.classifications]
    assert pairs == [[("low", 0.25), ("high", 0.75)], [("low", 1), ("high", 0)]]
    spec = reply.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("one", 1, "serving_default")


def test_a_context_holds_for_every_example_that_does_not_say_otherwise(one: Served) -> None:
    reply = one.predictions.Classify(asked(ClassificationRequest, (), (3, 4), context=(1, 2)))
    assert [[pair.score for pair in row.classes] for row in reply.result.classifications] == [[1, 2], [3, 4]]


@pytest.mark.parametrize("signature, pairs", [("labels", [("low", 0), ("high", 0)]), ("scores", [("", 1), ("", 2)])])
def test_labels_or_scores_alone_will_do(one: Served, signature: str, pairs: list[tuple[str, float]]) -> None:
    reply = one.predictions.Classify(asked(ClassificationRequest, (1, 2), signature=signature))
    (row,) = reply.result.classifications
    assert [(pair.label, pair.score) for pair in row.classes] == pairs


def test_the_method_name_of_a_signature_plays_no_part(one: Served) -> None:
    """A real server was seen to classify by tensorflow/serving/predict, unless it is told to look at the name."""
    for signature in ("predict", "serving_default"):
        reply = one.predictions.Classify(asked(ClassificationRequest, (1, 2), signature=signature))
        assert len(reply.result.classifications) == 1


def test_regress_gives_a_number_for_each_example(one: Served) -> None:
    for signature in ("regress", "column"):
        reply = one.predictions.Regress(asked(RegressionRequest, (1, 2), (3, 4), signature=signature))
        assert [row.value for row in reply.result.regressions] == [1, 3]
        assert reply.model_spec.signature_name == signature


@pytest.mark.parametrize(
    "signature, message",
    [
        ("nope", "No signature was found with the name: nope"),
        ("flat", "Expected Tensor shape: [batch_size num_classes] but got [1]"),
        ("whole", "Expected scores Tensor of DT_FLOAT. Got: DT_INT64"),
        ("other rows", "Expected scores output batch size of 1. Got: 2"),
        ("three", "Tensors class and score should match in dim_size(1). Got 2 vs. 3"),
        ("other input", "No classification inputs found in SignatureDef: inputs {"),
        ("other outputs", "Expected classification signature outputs to contain at least one of \"classes\" or "
         '"scores". Signature was: inputs {'),
    ],
)  # fmt: skip
def test_a_signature_that_does_not_classify_is_refused(one: Served, signature: str, message: str) -> None:
    code, details = refused(lambda: one.predictions.Classify(asked(ClassificationRequest, (1, 2), signature=signature)))
    assert (code, details[: len(message)]) == (Code.INVALID_ARGUMENT, message)


@pytest.mark.parametrize(
    "signature, message",
    [
        ("nope", "No signature was found with the name: nope"),
        ("serving_default", "Expected one output Tensor."),
        ("scores", "No regression outputs found in SignatureDef: inputs {"),
        ("wide", "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]"),
        ("whole values", "Expected output Tensor of DT_FLOAT.  Got: DT_INT64"),
        ("more values", "Input batch size did not match output batch size: 1 vs. 2"),
    ],
)
def test_a_signature_that_does_not_regress_is_refused(one: Served, signature: str, message: str) -> None:
    code, details = refused(lambda: one.predictions.Regress(asked(RegressionRequest, (1, 2), signature=signature)))
    assert (code, details[: len(message)]) == (Code.INVALID_ARGUMENT, message)


@pytest.mark.parametrize(
    "signature, classify, regress",
    [
        ("", "Expected one or two output Tensors, found ", "Expected one output Tensor."),
        ("explain", "Expected one or two output Tensors, found ", "Expected one output Tensor."),
        ("examples", "No classification inputs found in SignatureDef: inputs {", "Expected one output Tensor."),
        ("__saved_model_init_op", "Expected one input Tensor.", "Expected one input Tensor."),
    ],
)
def test_a_served_film_model_answers_neither(server: Served, signature: str, classify: str, regress: str) -> None:
    """A real server was seen to say the first, of three outputs; to look at a film takes Predict."""
    for kind, call, message in (
        (ClassificationRequest, server.predictions.Classify, classify),
        (RegressionRequest, server.predictions.Regress, regress),
    ):
        request = asked(kind, (1, 2), name="cxr", signature=signature)
        code, details = refused(lambda call=call, request=request: call(request))
        assert (code, details[: len(message)]) == (Code.INVALID_ARGUMENT, message)


@pytest.mark.parametrize(
    "request_, code, message",
    [
        (ClassificationRequest(input=given((1, 2))), Code.INVALID_ARGUMENT, "Missing ModelSpec"),
        (RegressionRequest(), Code.INVALID_ARGUMENT, "Missing ModelSpec"),
        (asked(ClassificationRequest), Code.INVALID_ARGUMENT, "Input is empty."),
        (asked(ClassificationRequest, context=(1, 2)), Code.INVALID_ARGUMENT, "Input is empty."),
        (asked(ClassificationRequest, (1, 2), name="nope"), Code.NOT_FOUND, "Servable not found for request: "
         "Latest(nope)"),
        (asked(ClassificationRequest, *[(1, 2)] * 65), Code.INVALID_ARGUMENT, "Task size 65 is larger than maximum "
         "input batch size 64"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused(one: Served, request_: Any, code: grpc.StatusCode, message: str) -> None:
    call = one.predictions.Classify if isinstance(request_, ClassificationRequest) else one.predictions.Regress
    assert refused(lambda: call(request_)) == (code, message)


def test_an_example_without_its_feature_is_refused_by_the_graph(one: Served) -> None:
    code, message = refused(lambda: one.predictions.Classify(asked(ClassificationRequest, (1, 2), ())))
    assert code is Code.INVALID_ARGUMENT
    assert "Feature: x (data type: float) is required but could not be found." in message


def test_a_long_context_of_many_examples_is_refused_before_it_is_repeated(one: Served) -> None:
    """The real server repeats it, and a message of 64 MB would become terabytes."""
    request = asked(ClassificationRequest, *[()] * 300, context=(0.5,) * 250_000)
    code, message = refused(lambda: one.predictions.Classify(request))
    assert code is Code.INVALID_ARGUMENT
    assert "bytes for each of 300 examples; at most 268435456 bytes are read" in message


def test_rest_classifies_and_regresses_too(one: Served) -> None:
    rows = [{"x": [0.1, 0.75]}, {"x": [1.0, 0.0]}]
    assert one.post({"examples": rows}, CLASSIFY).json() == {
        "results": [[["low", 0.1], ["high", 0.75]], [["low", 1], ["high", 0]]]
    }
    body = {"signature_name": "scores", "context": {"x": [0.5, 2.5]}, "examples": [{}, *rows]}
    assert one.post(body, CLASSIFY).json()["results"][:2] == [[["", 0.5], ["", 2.5]], [["", 0.1], ["", 0.75]]]
    assert one.post({"signature_name": "regress", "examples": rows}, REGRESS).json() == {"results": [0.1, 1]}


def test_rest_refuses_in_the_words_of_grpc(one: Served, server: Served) -> None:
    body = {"examples": [{"x": [0.5, 1.5]}]}
    assert error_of(one.post(body, REGRESS), 400) == "Expected one output Tensor."
    unknown = {"signature_name": "\ud800", **body}
    assert error_of(one.post(json.dumps(unknown), CLASSIFY), 400) == "No signature was found with the name: \ud800"
    assert error_of(one.post(body, "/v1/models/nope:classify"), 404) == "Servable not found for request: Latest(nope)"
    assert error_of(server.post(body, "/v1/models/cxr:classify"), 400).startswith("Expected one or two output Tensors")


def test_a_version_is_warmed_up_by_both(example_model: Path, tmp_path: Path) -> None:
    def logs(*x: float) -> list[bytes]:
        classified = ClassifyLog(request=asked(ClassificationRequest, x))
        regressed = RegressLog(request=asked(RegressionRequest, x, signature="regress"))
        pair = PredictionLog(classify_log=classified), PredictionLog(regress_log=regressed)
        return [log.SerializeToString() for log in pair]

    folder = shutil.copytree(example_model, tmp_path / "1")
    warm_up(*logs(1, 2))(folder)
    Servable.load("one", 1, folder).close()
    for log in logs():
        warm_up(log)(folder)
        with pytest.raises(Fault, match=r"Feature: x \(data type: float\) is required but could not be found"):
            Servable.load("one", 1, folder)


def test_multi_inference_is_not_served(one: Served) -> None:
    """The real server serves it."""
    assert refused(lambda: one.predictions.MultiInference(MultiInferenceRequest()))[0] is Code.UNIMPLEMENTED
