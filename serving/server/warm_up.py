"""A version's warm-up requests, which it must answer before it is served."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import grpc
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

from serving.server.faults import Fault, invalid

WARM_UP_FILE: Final = "assets.extra/tf_serving_warmup_requests"
MOST_RECORDS: Final = 1000

WarmUpRequest: TypeAlias = PredictRequest | ClassificationRequest | RegressionRequest


def warm_up_requests(folder: Path) -> Iterator[WarmUpRequest]:
    """The requests of ``assets.extra/tf_serving_warmup_requests``, TFRecord of PredictionLog; none without the file.

    Args:
        folder: the version's.

    Raises:
        Fault: As the real server: not a TFRecord, not a PredictionLog, more than 1000 of them. A log of MultiInference
            is refused too, which the real server would run.
    """
    file = folder / WARM_UP_FILE
    if not file.exists():
        return
    try:
        for count, record in enumerate(tf.data.TFRecordDataset(str(file)).as_numpy_iterator()):
            if count == MOST_RECORDS:
                raise invalid(f"Number of warmup records exceeds the maximum ({MOST_RECORDS}) at {file}")
            if request := _request(record, file):
                yield request
    except tf.errors.DataLossError as error:
        message = f"{error.message.splitlines()[0]}. Please verify your warmup data is in TFRecord format."
        raise Fault(grpc.StatusCode.DATA_LOSS, message) from error


def _request(record: bytes, file: Path) -> WarmUpRequest | None:
    try:
        log = PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid(f"Failed to parse warmup record from {file}") from error
    kind = log.WhichOneof("log_type")
    if kind is None:
        return None
    if kind not in ("predict_log", "classify_log", "regress_log"):
        raise Fault(grpc.StatusCode.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind} in {file}")
    request: WarmUpRequest = getattr(log, kind).request
    return request
