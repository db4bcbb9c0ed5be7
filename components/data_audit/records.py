"""The audited films' images out of the record files, shrunk one by one so that memory holds only what is measured."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.data_audit.pixels import SIDE, shrink
from trainer import features
from trainer.errors import RunError

_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.IMAGE_ID: tf.io.FixedLenFeature([], tf.string),
}


def read_images(record_files: Iterable[Path], image_ids: Sequence[str]) -> np.ndarray:
    """The images of some films.

    Args:
        record_files: TFRecord files of serialized ``tf.train.Example``.
        image_ids: Which films; two films of the same bytes have one id.

    Returns:
        uint8 [N, SIDE, SIDE], in the order of ``image_ids``; 10 KB a film.

    Raises:
        RunError: A film has no record.
    """
    wanted: dict[bytes, list[int]] = {}
    for place, image_id in enumerate(image_ids):
        wanted.setdefault(image_id.encode(), []).append(place)
    images = np.empty((len(image_ids), SIDE, SIDE), np.uint8)
    records = tf.data.TFRecordDataset([str(file) for file in record_files])
    for parsed in records.map(lambda record: tf.io.parse_single_example(record, _SPEC)).as_numpy_iterator():
        if places := wanted.pop(parsed[features.IMAGE_ID], []):
            pixels = np.frombuffer(parsed[features.IMAGE], np.uint8)
            images[places] = shrink(pixels.reshape(math.isqrt(pixels.size), -1))
    if wanted:
        raise RunError(f"{len(wanted)} films of the manifest have no record; make the records again")
    return images
