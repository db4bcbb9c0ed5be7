"""The hashes of a model's films, taken from their records."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer import features
from trainer.film_hashes import TrainingFilms, film_hash

_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.IMAGE_ID: tf.io.FixedLenFeature([], tf.string),
    features.PATIENT_ID: tf.io.FixedLenFeature([], tf.string),
}


@dataclass(frozen=True)
class HashedFilm:
    """One record's film.

    Attributes:
        image_id: As in the record.
        patient_id: Pseudonym.
        hash: As `trainer.film_hashes.film_hash` gives it.
    """

    image_id: str
    patient_id: str
    hash: bytes


def hashed_films(split: Path) -> Iterator[HashedFilm]:
    """The films of one split, one after the other.

    Args:
        split: Folder of TFRecord files of serialized ``tf.train.Example``.
    """
    files = sorted(str(file) for file in split.iterdir() if file.is_file())
    records = tf.data.TFRecordDataset(files).map(lambda record: tf.io.parse_single_example(record, _SPEC))
    for film in records.as_numpy_iterator():
        image = np.frombuffer(film[features.IMAGE], np.uint8)
        image_id = film[features.IMAGE_ID].decode()
        square = image.reshape(isqrt(image.size), -1)
        yield HashedFilm(image_id, film[features.PATIENT_ID].decode(), film_hash(image_id, square))


def training_films(splits: list[Path], key_id: str) -> TrainingFilms:
    """The films that a model has learned from or was tuned on.

    Args:
        splits: Folders of the records of the train and the eval split.
        key_id: Fingerprint of the key of the patients' pseudonyms.
    """
    films = [film for split in splits for film in hashed_films(split)]
    return TrainingFilms.of((film.hash for film in films), (film.patient_id for film in films), key_id)
