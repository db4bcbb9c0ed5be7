"""Films out of the record files, as they are and as training changes them; the one module here with TensorFlow."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer import features
from trainer.augmentation import build_augmentation
from trainer.settings import Augmentation

_SPEC = {
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.IMAGE_ID: tf.io.FixedLenFeature([], tf.string),
    features.LABEL: tf.io.FixedLenFeature([], tf.int64),
}


def films_with_ids(split: Path, image_ids: Collection[str], image_size: int) -> dict[str, np.ndarray]:
    """The films of one split that have one of these ids: id -> uint8 [S, S]."""
    found: dict[str, np.ndarray] = {}
    for film in _records(split).as_numpy_iterator():
        name = film[features.IMAGE_ID].decode()
        if name in image_ids:
            found[name] = _pixels(film[features.IMAGE], image_size)
            if len(found) == len(image_ids):
                break
    return found


def augmented(
    split: Path, augmentation: Augmentation, image_size: int, films: int, draws: int, seed: int
) -> np.ndarray:
    """A few training films, each as it is and then as training may see it.

    Args:
        split: Folder of the training records.
        augmentation: Ranges of the random changes.
        image_size: Side of a film in pixels.
        films: So many films, the classes in turn, as far as there are any.
        draws: So many changes of each.
        seed: Of the changes.

    Returns:
        uint8 [films, 1 + draws, S, S].
    """
    chosen = _one_class_after_another(split, films)
    if not chosen:
        return np.empty((0, 1 + draws, image_size, image_size), np.uint8)
    images = np.stack([_pixels(film, image_size) for film in chosen])[..., None]
    repeated = np.repeat(images, draws, axis=0).astype(np.float32)
    with tf.device("/CPU:0"):
        layers = build_augmentation(augmentation, image_size, seed)
        changed = np.asarray(layers(repeated, training=True))
    rounded = np.clip(np.rint(changed), 0, 255).astype(np.uint8).reshape(len(chosen), draws, image_size, image_size)
    return np.concatenate([images[:, None, ..., 0], rounded], axis=1)


def _one_class_after_another(split: Path, films: int) -> list[bytes]:
    by_label: dict[int, list[bytes]] = {}
    for film in _records(split).take(50 * films).as_numpy_iterator():
        by_label.setdefault(int(film[features.LABEL]), []).append(film[features.IMAGE])
    turns = [by_label[label] for label in sorted(by_label)]
    longest = max(map(len, turns), default=0)
    return [turn[place] for place in range(longest) for turn in turns if place < len(turn)][:films]


def _records(split: Path) -> tf.data.Dataset:
    files = sorted(str(file) for file in split.iterdir() if file.is_file())
    kind = "GZIP" if files and files[0].endswith(".gz") else ""
    records = tf.data.TFRecordDataset(files, compression_type=kind)
    return records.map(lambda record: tf.io.parse_single_example(record, _SPEC))


def _pixels(image: bytes, image_size: int) -> np.ndarray:
    return np.frombuffer(image, np.uint8).reshape(image_size, image_size)
