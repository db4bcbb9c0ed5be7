"""The records of the test split, as they are and with other images in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from math import isqrt
from pathlib import Path
from typing import Final

import numpy as np
import tensorflow as tf

from trainer import features
from trainer.predictions import Predictions
from trainer.tfrecord import read_records

_COLUMNS: Final = {
    **dict.fromkeys(
        (features.IMAGE_ID, features.PATIENT_ID, features.VIEW, features.SOURCE), tf.io.FixedLenFeature([], tf.string)
    ),
    features.LABEL: tf.io.FixedLenFeature([], tf.int64),
    features.SEX: tf.io.FixedLenFeature([], tf.string, default_value=""),
    features.AGE: tf.io.FixedLenFeature([], tf.float32, default_value=float("nan")),
}


@dataclass(frozen=True)
class Films:
    """The films of one split, in the order of their records.

    Attributes:
        records: Serialized ``tf.train.Example`` [N].
        image_id: Text [N].
        patient_id: Text [N], pseudonyms.
        label: int64 [N], index of the true class.
        view: Text [N].
        source: Text [N].
        sex: Text [N], empty where the source does not say.
        age: float64 [N], years, NaN where the source does not say.
    """

    records: Sequence[bytes]
    image_id: Sequence[str]
    patient_id: Sequence[str]
    label: np.ndarray
    view: Sequence[str]
    source: Sequence[str]
    sex: Sequence[str]
    age: np.ndarray

    def __len__(self) -> int:
        return len(self.records)

    def images(self, films: Iterable[int]) -> np.ndarray:
        """The images of some films, uint8 [n, S, S]; [0, 0, 0] of none."""
        raw = [np.frombuffer(self._example(film).features.feature[features.IMAGE].bytes_list.value[0], np.uint8)
               for film in films]  # fmt: skip
        return (
            np.stack([image.reshape(isqrt(image.size), -1) for image in raw]) if raw else np.empty((0, 0, 0), np.uint8)
        )

    def altered(self, film: int, image: np.ndarray) -> bytes:
        """The record of one film with another image, uint8 [S, S]."""
        example = self._example(film)
        example.features.feature[features.IMAGE].bytes_list.value[0] = image.tobytes()
        serialized: bytes = example.SerializeToString()
        return serialized

    def mean_image(self) -> np.ndarray:
        """The mean of all films, float64 [S, S]; [0, 0] of none."""
        total: np.ndarray = sum((self.images([film])[0].astype(float) for film in range(len(self))), np.zeros(()))
        return total / len(self) if len(self) else np.zeros((0, 0))

    def predictions(
        self, classes: tuple[str, ...], positive: str, threshold: float, probabilities: np.ndarray, decided: np.ndarray
    ) -> Predictions:
        """What a model has said of them, as a table.

        Args:
            classes: Names of the classes, [C].
            positive: The positive class.
            threshold: Of its score, as stored in the model.
            probabilities: float32 [N, C].
            decided: bool [N], the model calls the film positive.
        """
        columns = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "records"}
        return Predictions(
            classes=classes,
            positive=classes.index(positive),
            threshold=threshold,
            probabilities=probabilities,
            decided=decided,
            **columns,
        )

    def _example(self, film: int) -> tf.train.Example:
        return tf.train.Example.FromString(self.records[film])


def read_films(record_files: Iterable[Path]) -> Films:
    """Reads a split.

    Args:
        record_files: TFRecord files of serialized ``tf.train.Example``.

    Raises:
        RunError: A file is cut off or damaged.
    """
    records = [record for file in record_files for record in read_records(str(file))]
    columns = tf.io.parse_example(tf.constant(records, tf.string), _COLUMNS)

    def text(name: str) -> list[str]:
        return [value.decode() for value in columns[name].numpy()]

    return Films(
        records=records,
        image_id=text(features.IMAGE_ID),
        patient_id=text(features.PATIENT_ID),
        label=columns[features.LABEL].numpy(),
        view=text(features.VIEW),
        source=text(features.SOURCE),
        sex=text(features.SEX),
        age=columns[features.AGE].numpy().astype(float),
    )
