"""Runs the served graph over the test records, in batches."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.files import PREDICTIONS_FILE
from trainer.predictions import Predictions
from trainer import features
from trainer.servable import ModelInfo

BATCH_SIZE: Final = 32
_COLUMNS: Final = {
    features.IMAGE_ID: tf.io.FixedLenFeature([], tf.string),
    features.PATIENT_ID: tf.io.FixedLenFeature([], tf.string),
    features.LABEL: tf.io.FixedLenFeature([], tf.int64),
    features.VIEW: tf.io.FixedLenFeature([], tf.string),
    features.SOURCE: tf.io.FixedLenFeature([], tf.string),
}


class Executor(base_executor.BaseExecutor):
    """Executor of Score."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``predictions.parquet`` of the test split."""
        model = artifact_utils.get_single_instance(input_dict["model"])
        servable = Path(path_utils.serving_model_path(model.uri))
        test_folder = Path(artifact_utils.get_split_uri(input_dict["examples"], features.TEST))
        predictions = score(servable, sorted(test_folder.iterdir()))
        predictions.write(Path(artifact_utils.get_single_uri(output_dict["predictions"]), PREDICTIONS_FILE))


def score(servable: Path, record_files: list[Path]) -> Predictions:
    """Runs the ``examples`` signature of a servable over record files.

    Args:
        servable: Folder of a SavedModel with its ``model.json``.
        record_files: TFRecord files of serialized ``tf.train.Example``.

    Returns:
        A row per record, in the order of the files.
    """
    info = ModelInfo.read(servable)
    positive = info.classes.index(info.positive)
    run = tf.saved_model.load(str(servable)).signatures["examples"]
    columns: dict[str, list[np.ndarray]] = {name: [] for name in _COLUMNS}
    probabilities, decided = [np.empty((0, len(info.classes)), np.float32)], [np.empty(0, bool)]
    for batch in tf.data.TFRecordDataset([str(file) for file in record_files]).batch(BATCH_SIZE):
        outputs = run(examples=batch)
        probabilities.append(outputs["probabilities"].numpy())
        decided.append(outputs["decision"].numpy()[:, positive] >= 0.5)
        for name, values in tf.io.parse_example(batch, _COLUMNS).items():
            columns[name].append(values.numpy())

    def text(name: str) -> list[str]:
        return [value.decode() for values in columns[name] for value in values]

    return Predictions(
        classes=tuple(info.classes),
        positive=positive,
        image_id=text(features.IMAGE_ID),
        patient_id=text(features.PATIENT_ID),
        label=np.concatenate([np.empty(0, np.int64), *columns[features.LABEL]]),
        view=text(features.VIEW),
        source=text(features.SOURCE),
        probabilities=np.concatenate(probabilities),
        decided=np.concatenate(decided),
    )
