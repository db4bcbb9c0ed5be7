"""One film of the manifest to one ``tf.train.Example``."""

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import tensorflow as tf

from components.manifest_gen.manifest import ManifestRow
from components.manifest_gen.rows import Rejection
from components.xray_example_gen.film_check import fault_of_film
from components.xray_example_gen.values import record_values
from trainer import features
from trainer.dicom import DicomFault, decodable
from trainer.preprocessing import film_to_image

#: TensorFlow names the op and its place in our code; that tells a person nothing of the film.
_PLACE: Final = re.compile(r"^\{\{function_node .*?\}\} |\s*\[(\[\{\{.*\}\}\]|Op:.*?)\]")


def film_to_record(row: ManifestRow, classes: Sequence[str], image_size: int) -> tf.train.Example | Rejection:
    """Reads, checks, decodes and resizes one film.

    Args:
        row: The film's row in the manifest.
        classes: Names of the classes; the record's label is the index of the row's label.
        image_size: Side of the record's image in pixels.

    Returns:
        The record, or the rejection of a film that cannot be read, has changed since the manifest was
        written, or does not decode.
    """

    def rejected(reason: str, detail: str) -> Rejection:
        return Rejection(row.source, row.row, row.file, reason, detail)

    try:
        data = Path(row.path).read_bytes()
    except OSError as error:
        return rejected("unreadable", f"the file cannot be read: {error.strerror}")
    if hashlib.sha256(data).hexdigest() != row.sha256:
        return rejected("changed", "the file has changed since the manifest was written; run again")
    if fault := fault_of_film(data):
        return rejected(*fault)
    try:
        image = _converter(image_size)(tf.constant(decodable(data)))
    except DicomFault as error:
        return rejected(error.reason, error.detail)
    except tf.errors.InvalidArgumentError as error:
        return rejected("unreadable", f"does not decode: {_PLACE.sub('', error.message).splitlines()[-1]}")
    return _example(row, classes, image.numpy().tobytes())


@cache
def _converter(image_size: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """`film_to_image` as a graph that is looked up once and not for every film."""
    graph = tf.function(
        lambda film: film_to_image(film, image_size), input_signature=[tf.TensorSpec([], tf.string)], autograph=False
    )
    return graph.get_concrete_function()


def _example(row: ManifestRow, classes: Sequence[str], image: bytes) -> tf.train.Example:
    feature = {features.IMAGE: _feature(image)}
    for name, value in record_values(row, classes).items():
        # A value that is not known is a feature that is not there; an empty list would say the same less clearly.
        if value is not None:
            feature[name] = _feature(value)
    return tf.train.Example(features=tf.train.Features(feature=feature))


def _feature(value: bytes | str | int | float) -> tf.train.Feature:
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    if isinstance(value, float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    content = value.encode() if isinstance(value, str) else value
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
