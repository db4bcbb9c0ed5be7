"""Records to batches: the TFRecord files of one split in memory, as tf.data and as arrays."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from itertools import groupby
from typing import Final

import numpy as np
import tensorflow as tf

from trainer.errors import RunError
from trainer.features import IMAGE, LABEL, PATIENT_ID

#: Films that are parsed at once: enough that the parser's own start does not count.
CHUNK: Final = 64
#: Batches that lie ready, so that a step never waits for a copy.
READY: Final = 2
#: Bytes: TensorFlow takes as it lies what begins at a multiple of them, and copies everything else.
ALIGNMENT: Final = 64
#: Bytes of a record file that are read at once for its digest.
_BLOCK: Final = 2**24

_FILM: Final = {
    IMAGE: tf.io.FixedLenFeature([], tf.string),
    LABEL: tf.io.FixedLenFeature([], tf.int64),
    PATIENT_ID: tf.io.FixedLenFeature([], tf.string),
}


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
    def labels(self) -> np.ndarray:
        """Index into ``classes`` of each film, int64 [n], in the order of the records."""
        return self._films[1]

    @cached_property
    def patients(self) -> np.ndarray:
        """Pseudonym of each film's patient, str [n], in the order of the records."""
        return self._films[2]

    @cached_property
    def fingerprint(self) -> str:
        """Of the bytes of the record files, 64 hex digits: other records have another, also where these lay before.

        Without any file it is one as well; that there is none is told when films are asked for.
        """
        digest = hashlib.sha256()
        for file in self._files():
            found = tf.io.gfile.stat(file)
            digest.update(_digest(file, found.length, found.mtime_nsec))
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, batch_size: int, *, shuffle_seed: int | None = None) -> tf.data.Dataset:
        """Batches of (image uint8 [B, S, S, 1], one-hot label float32 [B, C]); the last one may be smaller.

        Args:
            batch_size: films in a batch.
            shuffle_seed: all films of the split in an order that only the seed decides; None = order of the files.
        """
        if shuffle_seed is None:
            return self._in_order.batch(batch_size).prefetch(READY)
        if self.image_size**2 % ALIGNMENT == 0:
            return _shuffled(self._in_order, len(self), shuffle_seed).batch(batch_size).prefetch(READY)
        # Rows would be copied into the shuffle, all of them before the first batch, and lie there for the whole epoch.
        images, labels = self._rows
        numbers = tf.data.Dataset.range(len(self)).with_options(untuned())

        def films(chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return tf.gather(images, chosen), tf.gather(labels, chosen)

        return _shuffled(numbers, len(self), shuffle_seed).batch(batch_size).map(films).prefetch(READY)

    @cached_property
    def _in_order(self) -> tf.data.Dataset:
        """(image, one-hot label) of each film: of aligned rows references, so that shuffling moves no pixel."""
        with tf.device("CPU"):
            return tf.data.Dataset.from_tensor_slices(self._rows).with_options(untuned())

    @cached_property
    def _rows(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Images uint8 [n, S, S, 1] and one-hot labels float32 [n, C]."""
        with tf.device("CPU"):
            return self._films[0], tf.convert_to_tensor(one_hot(self.labels, len(self.classes)))

    @cached_property
    def _films(self) -> tuple[tf.Tensor, np.ndarray, np.ndarray]:
        """Images, labels and patients of all films: read and parsed once, then kept in memory, S * S bytes a film.

        While they are read it is twice that.

        Raises:
            RunError: No file matches, no film, a label outside the classes, or an image of another size.
        """
        chunks = list(self._chunks())
        if not chunks:
            raise RunError(f"no film in {', '.join(self.patterns)}; look at rejected.csv for the reasons")
        images, *columns = zip(*chunks, strict=True)
        labels, patients = (np.concatenate(column) for column in columns)
        if labels.min() < 0 or labels.max() >= len(self.classes):
            raise RunError(
                f"labels run from {labels.min()} to {labels.max()} in {', '.join(self.patterns)}, but there are "
                f"{len(self.classes)} classes ({', '.join(self.classes)}); make the records again"
            )
        with tf.device("CPU"):
            return tf.concat(images, axis=0), labels, np.char.decode(patients.astype(bytes), "utf-8")

    def _chunks(self) -> Iterator[tuple[tf.Tensor, np.ndarray, np.ndarray]]:
        """Images uint8 [N, S, S, 1], labels int64 [N] and patients bytes [N] of a few films at a time.

        Raises:
            RunError: No file matches, or an image of another size.
        """
        # Outside of tf.data, whose map would be traced at every start, and on the processor, where tf.data wants them.
        with tf.device("CPU"):
            for serialized in self._records().batch(CHUNK).prefetch(READY).with_options(untuned()):
                example = tf.io.parse_example(serialized, _FILM)
                sizes = tf.strings.length(example[IMAGE]).numpy()
                wrong = sizes[sizes != self.image_size**2]
                if wrong.size:
                    raise RunError(
                        f"an image of {wrong[0]} pixels in {', '.join(self.patterns)} is not {self.image_size} x "
                        f"{self.image_size}; make the records again with this data.image_size"
                    )
                yield _to_images(example[IMAGE], self.image_size), example[LABEL].numpy(), example[PATIENT_ID].numpy()

    def _records(self) -> tf.data.Dataset:
        """Serialized tf.Example, string scalars, in the order of the files.

        Raises:
            RunError: No file matches.
        """
        files = self._files()
        if not files:
            raise RunError(f"no record file matches {', '.join(self.patterns)}; run the pipeline from the films on")
        alike = [tf.data.TFRecordDataset(list(some), kind) for kind, some in groupby(files, self._compression)]
        return reduce(tf.data.Dataset.concatenate, alike)

    def _files(self) -> list[str]:
        return sorted(file for pattern in self.patterns for file in tf.io.gfile.glob(pattern))

    def _compression(self, file: str) -> str:
        if self.compression_type is not None:
            return self.compression_type
        return "GZIP" if file.endswith(".gz") else ""


def parse_images(serialized: tf.Tensor, image_size: int) -> tf.Tensor:
    """The images of serialized tf.Example, string [N], as uint8 [N, image_size, image_size, 1]."""
    example = tf.io.parse_example(serialized, {IMAGE: tf.io.FixedLenFeature([], tf.string)})
    return _to_images(example[IMAGE], image_size)


def one_hot(labels: Sequence[int] | np.ndarray, classes: int) -> np.ndarray:
    """float32 [n, classes] of int [n]."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels)]


def untuned() -> tf.data.Options:
    """Without tf.data's search for numbers of threads, which costs as much as copying the films of a small split.

    Nor does it rewrite what is done, for which it would write all films that a function holds into a graph.
    """
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    options.autotune.enabled = False
    return options


def _shuffled(films: tf.data.Dataset, count: int, seed: int) -> tf.data.Dataset:
    return films.shuffle(count, seed=seed, reshuffle_each_iteration=False)


@cache
def _digest(file: str, length: int, changed_ns: int) -> bytes:
    """SHA-256 of a file in one state of it, read once in a process: folds meet in many splits."""
    digest = hashlib.sha256()
    with tf.io.gfile.GFile(file, "rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _to_images(raw: tf.Tensor, image_size: int) -> tf.Tensor:
    return tf.reshape(tf.io.decode_raw(raw, tf.uint8), [-1, image_size, image_size, 1])
