"""One model trained on small drawn films by the trainer, exported, and audited on films that it never saw."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

import keras
import tensorflow as tf

from components.release_gate.settings import GateSettings
from components.score.films import read_films
from components.score.run_variants import run_variants
from components.score.servable import Servable
from components.shortcut_audit.findings import find
from components.shortcut_audit.report import VariantResult
from tests.confounding import SmallFilms
from trainer import features
from trainer.backbones import BACKBONES, Backbone
from trainer.input import Split
from trainer.job import Job
from trainer.predictions import Predictions
from trainer.run import run
from trainer.servable import Rate
from trainer.settings import ThresholdSettings, TrainerSettings

CLASSES: Final = ("covid", "healthy")
#: Shares of the pairs of patients that are trained on and stopped on; the rest is tested.
TRAIN_SHARE: Final = 0.5
EVAL_SHARE: Final = 0.15
BOUND: Final = GateSettings().max_masked_auc


@dataclass(frozen=True)
class Trial:
    """What the audit found.

    Attributes:
        model: Folder of the exported model.
        records: File with the test films.
        predictions: Name of the variant -> what the model said.
    """

    model: Path
    records: Path
    predictions: Mapping[str, Predictions]

    @property
    def results(self) -> tuple[VariantResult, ...]:
        """The test films as they are, then every variant of them."""
        return find(self.predictions, BOUND)

    @property
    def telling(self) -> tuple[str, ...]:
        """Names of the judged variants that tell the classes apart."""
        return tuple(result.name for result in self.results if result.tells)

    def auc(self, variant: str) -> Rate:
        """Area under the curve of one variant."""
        (found,) = [result.auc for result in self.results if result.name == variant]
        assert found is not None
        return found


def train_and_audit(films: SmallFilms, settings: TrainerSettings, folder: Path) -> Trial:
    """Trains on some pairs of patients, stops on others, and asks the exported model about the rest.

    Args:
        films: Of all splits.
        settings: Of the trainer.
        folder: New or empty; records, checkpoints and the exported model come into it.
    """
    pairs = films.pairs.max() + 1
    ends = [0, round(TRAIN_SHARE * pairs), round((TRAIN_SHARE + EVAL_SHARE) * pairs), pairs]
    for name, low, high in zip(features.SPLITS, ends, ends[1:], strict=False):
        _write_records(films.chosen((low <= films.pairs) & (films.pairs < high)), folder / name)
    train, evaluation = (
        Split((str(folder / name),), CLASSES, films.images.shape[1]) for name in (features.TRAIN, features.EVAL)
    )
    run(
        Job(
            train=train,
            eval=evaluation,
            positive=CLASSES[0],
            settings=settings,
            threshold=ThresholdSettings(),
            model_dir=folder / "model",
            checkpoints=folder / "checkpoints",
            data_digest="",
            code_digest="",
        )
    )
    records = folder / features.TEST
    return Trial(
        folder / "model", records, run_variants(Servable(folder / "model"), read_films([records]), seed=settings.seed)
    )


@contextmanager
def small_frozen_backbone() -> Iterator[None]:
    """Puts two random convolutions, frozen, in the place of ``inception_resnet_v2``: features in milliseconds."""

    def build(image_size: int) -> keras.Model:
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input((image_size, image_size, 3)),
                layers.Conv2D(16, 5, strides=2, padding="same", activation="relu"),
                layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            ],
            name="small",
        )

    small = Backbone(build=build, scale=lambda image: image / 127.5 - 1, frozen=True, minimum_side=8, pool=2)
    with patch.dict(BACKBONES, {"inception_resnet_v2": small}):
        yield


def _write_records(films: SmallFilms, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for number, image in enumerate(films.images):
            label = CLASSES.index("covid" if films.is_covid[number] else "healthy")
            patient = str(films.patients[number]).encode()
            texts = {
                features.IMAGE: image.tobytes(),
                features.IMAGE_ID: str(number).encode(),
                features.PATIENT_ID: patient,
                features.VIEW: b"",
                features.SOURCE: b"",
            }
            record = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in texts.items()
            }
            record[features.LABEL] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
            writer.write(tf.train.Example(features=tf.train.Features(feature=record)).SerializeToString())
