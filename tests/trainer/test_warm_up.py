import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from trainer.export import export
from trainer.model import build_classifier, build_extractor
from trainer.settings import TrainerSettings
from trainer.signatures import Decision
from trainer.warm_up import BATCH_SIZES, WARM_UP_FILE, write_warm_up


@pytest.fixture(scope="module")
def requests(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    assert write_warm_up(folder, 32) == folder / WARM_UP_FILE
    records = tf.data.TFRecordDataset(str(folder / WARM_UP_FILE)).as_numpy_iterator()
    return [PredictionLog.FromString(record).predict_log.request for record in records]


def test_every_signature_is_asked_at_every_batch_size(requests):
    asked = [
        (request.model_spec.signature_name, *(tensor.tensor_shape.dim[0].size for tensor in request.inputs.values()))
        for request in requests
    ]
    expected = {(name, size) for name in ("serving_default", "explain", "examples") for size in BATCH_SIZES}
    assert len(asked) == len(expected)
    assert set(asked) == expected


def test_the_exported_model_answers_every_request_as_the_server_runs_it(requests, run_in_session, tmp_path):
    settings = TrainerSettings(backbone="cnn", weights="random")
    classifier = build_classifier(settings, build_extractor(settings, 32), 2)
    export(classifier, Decision(("covid", "healthy"), "covid", 0.5), tmp_path)
    for request in requests[:3] + requests[-3:]:
        ((name, tensor),) = request.inputs.items()
        answer = run_in_session(tmp_path, request.model_spec.signature_name, {name: list(tensor.string_val)})
        assert {len(value) for value in answer.values()} == {len(tensor.string_val)}
        assert np.all(answer.get("valid", True))
