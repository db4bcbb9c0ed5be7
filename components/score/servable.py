"""A SavedModel that is loaded once and asked through its signatures: what is judged is what is served."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from components.loaded_model import load_model
from components.score.films import Films
from trainer.errors import RunError
from trainer.predictions import Predictions
from trainer.servable import SAVED_MODEL, ModelInfo
from trainer.signatures import EXAMPLES, EXPLAIN, SERVING_DEFAULT

BATCH_SIZE: Final = 32
_RANDOM: Final = re.compile(
    r"Random|Multinomial|TruncatedNormal|Bernoulli|^Rng|^StatefulUniform|^StatefulStandardNormal"
)


class Servable:
    """A model with its ``model.json``.

    Args:
        folder: Of the SavedModel.

    Raises:
        RunError: ``model.json`` is missing or not understood.
        OSError: There is no SavedModel.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.info = folder, ModelInfo.read(folder)
        self._loaded = load_model(str(folder))  # holds the variables that the signatures use
        self._signatures = self._loaded.signatures

    @property
    def explains(self) -> bool:
        """Whether it has the signature ``explain``."""
        return EXPLAIN in self._signatures

    def ask(self, records: Sequence[bytes], batch_size: int = BATCH_SIZE) -> tuple[np.ndarray, np.ndarray]:
        """What it says of records.

        Args:
            records: Serialized ``tf.train.Example`` [N].
            batch_size: Films at once.

        Returns:
            Probabilities float32 [N, C]; bool [N], the film is positive at the stored threshold.

        Raises:
            RunError: A probability is not a number.
        """
        answers = [self._signatures[EXAMPLES](examples=batch) for batch in _batches(records, batch_size)]
        nothing = np.empty((0, len(self.info.classes)), np.float32)
        decision = np.concatenate([nothing, *(answer["decision"].numpy() for answer in answers)])
        probabilities = np.concatenate([nothing, *(answer["probabilities"].numpy() for answer in answers)])
        if not np.isfinite(probabilities).all():
            raise RunError("the model answers with what is no number; look at its loss and train it again")
        return probabilities, decision[:, self.info.classes.index(self.info.positive)] >= 0.5

    def ask_files(self, contents: Sequence[bytes]) -> np.ndarray:
        """Probabilities float32 [N, C] of films as files, zeros where one cannot be decoded."""
        signature = self._signatures[SERVING_DEFAULT]
        said = [signature(image_bytes=batch)["probabilities"].numpy() for batch in _batches(contents, BATCH_SIZE)]
        return np.concatenate([np.empty((0, len(self.info.classes)), np.float32), *said])

    def explain(self, images: np.ndarray) -> np.ndarray:
        """Heat maps float32 [N, h, w] of images uint8 [N, S, S], for the class that each is called."""
        files = [tf.io.encode_png(image[..., np.newaxis]).numpy() for image in images]
        heat = [
            self._signatures[EXPLAIN](image_bytes=batch)["heatmap"].numpy() for batch in _batches(files, BATCH_SIZE)
        ]
        return np.concatenate(heat) if heat else np.empty((0, 0, 0), np.float32)

    def random_ops(self) -> tuple[str, ...]:
        """Names of the operations in its graphs and functions that draw at random, sorted."""
        model = saved_model_pb2.SavedModel.FromString((self.folder / SAVED_MODEL).read_bytes())
        return tuple(sorted({op for op in _operations(model) if _RANDOM.search(op)}))

    def predictions(self, films: Films, probabilities: np.ndarray, decided: np.ndarray) -> Predictions:
        """What it said of films, as a table."""
        info = self.info
        return films.predictions(info.classes, info.positive, info.threshold, probabilities, decided)


def _batches(values: Sequence[bytes], size: int) -> Iterator[tf.Tensor]:
    return (tf.constant(values[start : start + size], tf.string) for start in range(0, len(values), size))


def _operations(model: Any) -> Iterator[str]:
    for graph in model.meta_graphs:
        yield from (node.op for node in graph.graph_def.node)
        for function in graph.graph_def.library.function:
            yield from (node.op for node in function.node_def)
