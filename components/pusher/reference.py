"""Statistics of a model's own films and answers, by which films in use can be told to be others.

Kept with a version as coarsely as samples of films in use are, and without a patient: ``trainer.samples`` says how.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pandas as pd
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics, DatasetFeatureStatisticsList

from components.manifest_gen.rows import ManifestRow
from components.pusher.statistics import remove_values
from trainer.features import IMAGE, IMAGE_ID, PATIENT_ID
from trainer.film_measures import measures
from trainer.predictions import Predictions
from trainer.samples import MEASURES, Values, of_answer, of_film

#: Names of the two datasets of a reference.
FILMS: Final = "films"
ANSWERS: Final = "answers"

_BATCH: Final = 64
_SPEC: Final = {name: tf.io.FixedLenFeature([], tf.string) for name in (IMAGE, IMAGE_ID, PATIENT_ID)}


def reference(
    train: Path, image_size: int, rows: Iterable[ManifestRow], predictions: Predictions
) -> DatasetFeatureStatisticsList:
    """Of the films that a model has learned from, and of what it says of films that it has not.

    Args:
        train: Folder of the records of the train split.
        image_size: Side of their images in pixels.
        rows: The manifest's.
        predictions: Of the test split: of what it has learned a model is surer.

    Returns:
        Two datasets, ``FILMS`` and ``ANSWERS``; how many patients each has is told, and who they are is not.
    """
    films = pd.DataFrame(_films(train, image_size, {row.image_id: row for row in rows}))
    answers = pd.DataFrame(_answers(predictions))
    return DatasetFeatureStatisticsList(datasets=[statistics_of(films, FILMS), statistics_of(answers, ANSWERS)])


def statistics_of(films: pd.DataFrame, name: str) -> DatasetFeatureStatistics:
    """TFDV's statistics of a table with a row per film, without the values that tell a patient.

    Args:
        films: The table; its columns are text.
        name: Of the dataset.
    """
    # An index that is not 0 to N - 1 would become a feature.
    (found,) = tfdv.generate_statistics_from_dataframe(films.reset_index(drop=True)).datasets
    found.name = name
    remove_values(found)
    return found


def _films(train: Path, image_size: int, by_id: Mapping[str, ManifestRow]) -> Iterator[Values]:
    def measured(records: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(records, _SPEC)
        images = tf.reshape(tf.io.decode_raw(parsed[IMAGE], tf.uint8), [-1, image_size, image_size, 1])
        return {IMAGE_ID: parsed[IMAGE_ID], PATIENT_ID: parsed[PATIENT_ID], **measures(images)}

    files = sorted(str(file) for file in train.iterdir() if file.is_file())
    for batch in tf.data.TFRecordDataset(files).batch(_BATCH).map(measured).as_numpy_iterator():
        for index, (image_id, patient) in enumerate(zip(batch[IMAGE_ID], batch[PATIENT_ID], strict=True)):
            row = by_id[image_id.decode()]
            values = of_film(row.format, row.width, row.height, {name: batch[name][index] for name in MEASURES})
            yield {**values, PATIENT_ID: patient.decode()}


def _answers(predictions: Predictions) -> Iterator[Values]:
    for called, score, patient in zip(predictions.called, predictions.score, predictions.patient_id, strict=True):
        yield {**of_answer(predictions.classes[called], score), PATIENT_ID: patient}
