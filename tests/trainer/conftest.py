"""Drawn films, records of them, and a frozen network small enough to train in seconds."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.backbones import BACKBONES, Backbone
from trainer.features import IMAGE, LABEL, PATIENT_ID
from trainer.predictions import Predictions

SIZE = 32
CLASSES = ("covid", "healthy")


def draw_film(seed: int, label: int, width: int = SIZE, height: int = SIZE) -> np.ndarray:
    """Two dark lungs on a bright ground, noise, and for label 0 a bright patch in one of them; uint8 [h, w]."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / [[[height]], [[width]]]
    film = 170 - 40 * y
    for centre in (0.3, 0.7):
        film -= 110 * np.exp(-(((x - centre) / 0.14) ** 2 + ((y - 0.5) / 0.3) ** 2))
    if label == 0:
        centre = generator.choice([0.3, 0.7])
        film += 110 * np.exp(-(((x - centre) / 0.1) ** 2 + ((y - generator.uniform(0.5, 0.7)) / 0.12) ** 2))
    return np.clip(film + generator.normal(0, 6, film.shape), 0, 255).astype(np.uint8)


def encode(image: Image.Image | np.ndarray, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(stream, kind, **options)
    return stream.getvalue()


def to_example(image: np.ndarray, label: int, patient: str) -> bytes:
    def bytes_feature(value: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    features = {
        IMAGE: bytes_feature(image.tobytes()),
        LABEL: tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        PATIENT_ID: bytes_feature(patient.encode()),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_records(file: Path, films: int, first_seed: int, compression: str = "GZIP") -> None:
    """Records of films with alternating labels, two films to a patient."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(file), compression) as writer:
        for index in range(films):
            label = index % 2
            patient = f"p{first_seed + index // 4 * 2 + label}"
            writer.write(to_example(draw_film(first_seed + index, label), label, patient))


@pytest.fixture(name="draw_film", scope="session")
def _draw_film() -> Callable[..., np.ndarray]:
    return draw_film


@pytest.fixture(name="encode", scope="session")
def _encode() -> Callable[..., bytes]:
    return encode


@pytest.fixture(name="to_example", scope="session")
def _to_example() -> Callable[..., bytes]:
    return to_example


@pytest.fixture(name="write_records", scope="session")
def _write_records() -> Callable[..., None]:
    return write_records


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """``train`` (24 films) and ``eval`` (16 films): patterns, as TFX gives them."""
    folder = tmp_path_factory.mktemp("examples")
    write_records(folder / "Split-train" / "data_tfrecord-00000-of-00002.gz", 12, 0)
    write_records(folder / "Split-train" / "data_tfrecord-00001-of-00002.gz", 12, 100)
    write_records(folder / "Split-eval" / "data_tfrecord-00000-of-00001.gz", 16, 500)
    return SimpleNamespace(train=[str(folder / "Split-train" / "*")], eval=[str(folder / "Split-eval" / "*")])


@pytest.fixture
def small_frozen(monkeypatch: pytest.MonkeyPatch) -> Backbone:
    """A frozen network with batch normalisation in the place of inception_resnet_v2."""

    def build(image_size: int) -> keras.Model:
        return keras.Sequential(
            [
                keras.Input((image_size, image_size, 3)),
                keras.layers.Conv2D(8, 5, strides=2, padding="same", activation="relu"),
                keras.layers.BatchNormalization(),
            ],
            name="small",
        )

    small = Backbone(build=build, scale=lambda image: image / 127.5 - 1, frozen=True, minimum_side=8, pool=4)
    monkeypatch.setitem(BACKBONES, "inception_resnet_v2", small)
    return small


@pytest.fixture(scope="session")
def run_in_session() -> Callable[..., dict[str, np.ndarray]]:
    """Runs a signature in a session of TensorFlow 1, which fails where the real server fails."""

    def run(folder: Path, signature: str, inputs: dict[str, list[bytes]]) -> dict[str, np.ndarray]:
        with tf.compat.v1.Session(graph=tf.Graph()) as session:
            loaded = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(folder))
            definition = loaded.signature_def[signature]
            feed = {definition.inputs[name].name: value for name, value in inputs.items()}
            return session.run({name: info.name for name, info in definition.outputs.items()}, feed)

    return run


@pytest.fixture(scope="session")
def make_predictions() -> Callable[..., Predictions]:
    """Makes predictions of a model that is right more often than not: films, classes, distance of the classes."""

    def make(films: int, classes: tuple[str, ...] = CLASSES, apart: float = 1.8) -> Predictions:
        generator, count = np.random.default_rng(1), len(classes)
        label, positive = np.arange(films) % count, classes.index("covid")
        powers = np.exp(np.clip(generator.normal(0, 1, (films, count)) + apart * np.eye(count)[label], -60, 60))
        probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return Predictions(
            classes=classes,
            positive=positive,
            threshold=0.4,
            image_id=[f"{index:016x}" for index in range(films)],
            patient_id=[f"p{index}" for index in range(films)],
            label=label,
            view=generator.choice(["PA", "AP"], films).tolist(),
            source=generator.choice(["ward", "clinic"], films).tolist(),
            sex=generator.choice(["F", "M", ""], films).tolist(),
            age=np.where(generator.random(films) < 0.1, np.nan, generator.uniform(1, 95, films)),
            probabilities=probabilities,
            decided=probabilities[:, positive] >= np.float32(0.4),
        )

    return make
