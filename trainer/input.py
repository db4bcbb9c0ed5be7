"""Records to batches: TFRecord files of one split as tf.data, or as arrays where the whole split is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import tensorflow as tf

from trainer.errors import RunError
from trainer.features import IMAGE, LABEL, PATIENT_ID


@dataclass(frozen=True)
class Split:
    """The films of one split.

    Attributes:
        patterns: file patterns, as TFX gives them (``.../Split-train/*``).
        classes: the classes that labels index.
        image_size: side of the images in pixels.
        compression_type: ``GZIP`` or empty; None to take files that end in ``.gz`` for GZIP and others for none.
    """

    patterns: tuple[str, ...]
    classes: tuple[str, ...]
    image_size: int
    compression_type: str | None = None

    @cached_property
    def records(self) -> tf.data.Dataset:
        """Serialized tf.Example, string scalars, in the order of the files; read once, then kept in memory.

        Raises:
            RunError: No file matches.
        """
        files = sorted(file for pattern in self.patterns for file in tf.io.gfile.glob(pattern))
        if not files:
            raise RunError(f"no record file matches {', '.join(self.patterns)}; run the pipeline from the films on")
        return (
            tf.data.Dataset.from_tensor_slices(files)
            .flat_map(lambda file: tf.data.TFRecordDataset(file, compression_type=self._compression(file)))
            .cache()  # serialized, so that shuffling moves references and parsing stays one op per batch
        )

    @cached_property
    def labels(self) -> np.ndarray:
        """Index into ``classes`` of each film, int64 [n], in the order of the records."""
        return self._columns[0]

    @cached_property
    def patients(self) -> np.ndarray:
        """Pseudonym of each film's patient, str [n], in the order of the records."""
        return self._columns[1]

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, batch_size: int, *, shuffle_seed: int | None = None) -> tf.data.Dataset:
        """Batches of (image uint8 [B, S, S, 1], one-hot label float32 [B, C]); the last one may be smaller.

        Args:
            batch_size: films in a batch.
            shuffle_seed: all films of the split in an order that only the seed decides; None = order of the files.
        """
        # Keras takes a data set of unknown length for one that ran out too early.
        records = self.records.apply(tf.data.experimental.assert_cardinality(len(self)))
        if shuffle_seed is not None:
            records = records.shuffle(len(self), seed=shuffle_seed, reshuffle_each_iteration=False)
        return (
            records.batch(batch_size)
            .map(
                lambda serialized: parse_films(serialized, self.image_size, len(self.classes)),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            .prefetch(tf.data.AUTOTUNE)
        )

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Labels and patients of all films, which are counted and checked on the way.

        Raises:
            RunError: No film, a label outside the classes, or an image of another size.
        """
        spec = {
            IMAGE: tf.io.FixedLenFeature([], tf.string),
            LABEL: tf.io.FixedLenFeature([], tf.int64),
            PATIENT_ID: tf.io.FixedLenFeature([], tf.string),
        }

        def parse(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            example = tf.io.parse_example(serialized, spec)
            return example[LABEL], example[PATIENT_ID], tf.strings.length(example[IMAGE])

        columns = list(self.records.batch(256).map(parse).as_numpy_iterator())
        if not columns:
            raise RunError(f"no film in {', '.join(self.patterns)}; look at rejected.csv for the reasons")
        labels, patients, sizes = (np.concatenate(column) for column in zip(*columns, strict=True))
        if labels.min() < 0 or labels.max() >= len(self.classes):
            raise RunError(
                f"labels run from {labels.min()} to {labels.max()} in {', '.join(self.patterns)}, but there are "
                f"{len(self.classes)} classes ({', '.join(self.classes)}); make the records again"
            )
        wrong = sizes[sizes != self.image_size**2]
        if wrong.size:
            raise RunError(
                f"an image of {wrong[0]} pixels in {', '.join(self.patterns)} is not {self.image_size} x "
                f"{self.image_size}; make the records again with this data.image_size"
            )
        return labels, np.char.decode(patients.astype(bytes), "utf-8")

    def _compression(self, file: tf.Tensor) -> tf.Tensor:
        if self.compression_type is not None:
            return tf.constant(self.compression_type)
        return tf.where(tf.strings.regex_full_match(file, r".*\.gz"), "GZIP", "")


def parse_images(serialized: tf.Tensor, image_size: int) -> tf.Tensor:
    """The images of serialized tf.Example, string [N], as uint8 [N, image_size, image_size, 1]."""
    example = tf.io.parse_example(serialized, {IMAGE: tf.io.FixedLenFeature([], tf.string)})
    return _to_images(example[IMAGE], image_size)


def parse_films(serialized: tf.Tensor, image_size: int, classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Images as :func:`parse_images` gives them, and their labels one-hot, float32 [N, classes]."""
    spec = {IMAGE: tf.io.FixedLenFeature([], tf.string), LABEL: tf.io.FixedLenFeature([], tf.int64)}
    example = tf.io.parse_example(serialized, spec)
    return _to_images(example[IMAGE], image_size), tf.one_hot(example[LABEL], classes)


def one_hot(labels: Sequence[int] | np.ndarray, classes: int) -> np.ndarray:
    """float32 [n, classes] of int [n]."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels)]


def _to_images(raw: tf.Tensor, image_size: int) -> tf.Tensor:
    return tf.reshape(tf.io.decode_raw(raw, tf.uint8), [-1, image_size, image_size, 1])
