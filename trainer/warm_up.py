"""Requests that TF Serving runs before it serves a version.

They take from the first users what a first run costs, most of all that of ``explain``. And a version that fails one of
them is not served at all, while the one before it goes on: a broken export is found before anybody asks.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog

from trainer.features import IMAGE
from trainer.signatures import EXAMPLES, EXPLAIN, SERVING_DEFAULT

#: Where TF Serving looks, below a version's folder.
WARM_UP_FILE: Final = "assets.extra/tf_serving_warmup_requests"
#: Films at once, each size once: the ``allowed_batch_sizes`` of ``serving/config/batching.config``.
BATCH_SIZES: Final = (1, 2, 4, 8)


def write_warm_up(folder: Path, image_size: int) -> Path:
    """Writes the requests for every signature and batch size beside a SavedModel.

    Args:
        folder: the version's.
        image_size: side of the network's images in pixels.

    Returns:
        The file, TFRecord of PredictionLog.
    """
    file = folder / WARM_UP_FILE
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for request in _requests(image_size):
            writer.write(PredictionLog(predict_log=PredictLog(request=request)).SerializeToString())
    return file


def _requests(image_size: int) -> Iterator[PredictRequest]:
    film = _film(2 * image_size)
    small = np.asarray(Image.fromarray(film).resize((image_size, image_size)))
    features = {IMAGE: tf.train.Feature(bytes_list=tf.train.BytesList(value=[small.tobytes()]))}
    example = tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()
    files = [_encoded(film, kind) for kind in ("JPEG", "PNG")]
    for size in BATCH_SIZES:
        images = [files[index % len(files)] for index in range(size)]
        yield _request(SERVING_DEFAULT, "image_bytes", images)
        yield _request(EXPLAIN, "image_bytes", images)
        yield _request(EXAMPLES, "examples", [example] * size)


def _request(signature: str, name: str, values: list[bytes]) -> PredictRequest:
    request = PredictRequest()
    request.model_spec.signature_name = signature
    request.inputs[name].CopyFrom(tf.make_tensor_proto(values, tf.string, [len(values)]))
    return request


def _film(side: int) -> np.ndarray:
    """No film but a shape that takes the way of one through decoder and network; uint8 [side, side]."""
    y, x = np.mgrid[0:side, 0:side] / side
    return (120 + 60 * np.sin(9 * x) * np.cos(7 * y)).astype(np.uint8)


def _encoded(film: np.ndarray, kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(film).save(stream, kind)
    return stream.getvalue()
