"""Records to batches: the TFRecord files of one split in memory, as tf.data and as arrays."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from glob import glob
from itertools import islice
from typing import Any, Final

import numpy as np
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from trainer.errors import RunError
from trainer.features import IMAGE, LABEL, PATIENT_ID
from trainer.tfrecord import read_records, unpacked_bytes

#: Films that are parsed at once: few enough that they stay in the processor's cache.
CHUNK: Final = 32
#: Batches that lie ready, so that a step never waits for a copy.
READY: Final = 2
#: Bytes: TensorFlow takes as it lies what begins at a multiple of them, and copies everything else.
ALIGNMENT: Final = 64
#: Bytes of a record file that are read at once for its digest.
_BLOCK: Final = 2**24

_KINDS: Final = {
    IMAGE: schema_pb2.FeatureType.BYTES,
    LABEL: schema_pb2.FeatureType.INT,
    PATIENT_ID: schema_pb2.FeatureType.BYTES,
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
            found = os.stat(file)
            digest.update(_digest(file, found.st_size, found.st_mtime_ns))
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

        Raises:
            RunError: No file matches, one is damaged, no film, a label outside the classes, an image of another size.
        """
        files = [(file, self._compression(file)) for file in self._files()]
        if not files:
            raise RunError(f"no record file matches {', '.join(self.patterns)}; run the pipeline from the films on")
        pixels = self.image_size**2
        rows = _aligned(sum(unpacked_bytes(*file) // pixels for file in files), pixels)
        labels, patients, done = [], [], 0
        for file, some in self._read_ahead(files):
            image, label, patient = self._parsed(some, file)
            rows[done : done + len(some)] = image
            labels.append(label)
            patients.append(patient)
            done += len(some)
        if not done:
            raise RunError(f"no film in {', '.join(self.patterns)}; look at rejected.csv for the reasons")
        label = np.concatenate(labels)
        if label.min() < 0 or label.max() >= len(self.classes):
            raise RunError(
                f"labels run from {label.min()} to {label.max()} in {', '.join(self.patterns)}, but there are "
                f"{len(self.classes)} classes ({', '.join(self.classes)}); make the records again"
            )
        images = rows[:done].reshape(-1, self.image_size, self.image_size, 1)
        patient = np.char.decode(np.concatenate(patients).astype(bytes), "utf-8")
        return tf.experimental.dlpack.from_dlpack(images.__dlpack__()), label, patient

    def _read_ahead(self, files: Sequence[tuple[str, str]]) -> Iterator[tuple[str, list[bytes]]]:
        """A file and some of its records; the next ones are read beside the work on these."""
        chunks = ((file[0], some) for file in files for some in _in_chunks(read_records(*file)))
        with ThreadPoolExecutor(1) as reader:
            coming = reader.submit(next, chunks, None)
            while chunk := coming.result():
                coming = reader.submit(next, chunks, None)
                yield chunk

    def _parsed(self, records: list[bytes], file: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Images uint8 [N, S * S], labels int64 [N] and patients bytes [N] of serialized tf.Example.

        Raises:
            RunError: One of them is missing, or an image has another size.
        """
        columns = _parser().DecodeBatch(records)
        if any((np.diff(column.offsets) != 1).any() for column in columns):
            raise RunError(f"a record in {file} lacks one of {', '.join(_KINDS)}; make the records again")
        found = dict(zip(columns.schema.names, (column.flatten() for column in columns), strict=True))
        _, ends, pixels = found[IMAGE].buffers()
        sizes = np.diff(np.frombuffer(ends, np.int64, len(records) + 1))
        wrong = sizes[sizes != self.image_size**2]
        if wrong.size:
            raise RunError(
                f"an image of {wrong[0]} pixels in {file} is not {self.image_size} x {self.image_size}; make the "
                "records again with this data.image_size"
            )
        images = np.frombuffer(pixels, np.uint8).reshape(len(records), -1)
        return images, found[LABEL].to_numpy(), found[PATIENT_ID].to_numpy(zero_copy_only=False)

    def _files(self) -> list[str]:
        return sorted(file for pattern in self.patterns for file in glob(pattern))

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
    with open(file, "rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _in_chunks(records: Iterable[bytes]) -> Iterator[list[bytes]]:
    remaining = iter(records)
    while some := list(islice(remaining, CHUNK)):
        yield some


@cache
def _parser() -> Any:
    """Parses many tf.Example at once, of the features above alone."""
    features = [schema_pb2.Feature(name=name, type=kind) for name, kind in _KINDS.items()]
    return ExamplesToRecordBatchDecoder(schema_pb2.Schema(feature=features).SerializeToString())


def _aligned(count: int, length: int) -> np.ndarray:
    """Uninitialised rows uint8 [count, length] that TensorFlow need not copy."""
    memory = np.empty(count * length + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    return memory[begin : begin + count * length].reshape(count, length)


def _to_images(raw: tf.Tensor, image_size: int) -> tf.Tensor:
    return tf.reshape(tf.io.decode_raw(raw, tf.uint8), [-1, image_size, image_size, 1])
