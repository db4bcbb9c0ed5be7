"""A row per film and variant with what a model said of it: the one table that audit, gate, comparison and report read.

No TensorFlow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ORIGINAL: Final = "original"  #: the variant in which the film is as it was read
_TEXTS: Final = ("image_id", "patient_id", "view", "source", "sex")


@dataclass(frozen=True)
class Predictions:
    """Predictions of one model on the films of one split, in the order of the records.

    Attributes:
        classes: Names of the classes, [C].
        positive: Index of the positive class.
        threshold: Scores from here on are positive, as stored in the model.
        image_id: Text [N].
        patient_id: Text [N], pseudonyms.
        label: int64 [N], index of the true class.
        view: Text [N].
        source: Text [N].
        sex: Text [N], empty where the source does not say.
        age: float64 [N], years, NaN where the source does not say.
        probabilities: float32 [N, C].
        decided: bool [N], the model calls the film positive at its stored threshold.
    """

    classes: tuple[str, ...]
    positive: int
    threshold: float
    image_id: Sequence[str]
    patient_id: Sequence[str]
    label: np.ndarray
    view: Sequence[str]
    source: Sequence[str]
    sex: Sequence[str]
    age: np.ndarray
    probabilities: np.ndarray
    decided: np.ndarray

    def __len__(self) -> int:
        return len(self.label)

    @property
    def is_positive(self) -> np.ndarray:
        """Bool [N]: the film truly is of the positive class."""
        return self.label == self.positive

    @property
    def score(self) -> np.ndarray:
        """float32 [N]: probability of the positive class."""
        return self.probabilities[:, self.positive]

    @property
    def called(self) -> np.ndarray:
        """int64 [N]: index of the class that the model calls the film.

        The positive class from the threshold on; below it the most probable of the others, as
        ``trainer.signatures.Decision`` has it.
        """
        others = np.where(np.arange(len(self.classes)) == self.positive, -1.0, self.probabilities)
        return np.where(self.decided, self.positive, others.argmax(axis=1)).astype(np.int64)

    def chosen(self, films: np.ndarray) -> "Predictions":
        """The same of some films only.

        Args:
            films: bool [N], or int [M] indices.
        """
        indices = np.arange(len(self))[films]
        return replace(
            self,
            image_id=[self.image_id[i] for i in indices],
            patient_id=[self.patient_id[i] for i in indices],
            view=[self.view[i] for i in indices],
            source=[self.source[i] for i in indices],
            sex=[self.sex[i] for i in indices],
            label=self.label[indices],
            age=self.age[indices],
            probabilities=self.probabilities[indices],
            decided=self.decided[indices],
        )


def write_predictions(variants: Mapping[str, Predictions], path: Path) -> None:
    """Writes a Parquet file with a row per film and variant, the variants in their order.

    Classes, positive class and threshold stand in its metadata.

    Args:
        variants: Name of the variant -> predictions, all by one model; one of them is `ORIGINAL`.
        path: The file.
    """
    first = variants[ORIGINAL]
    table = pa.concat_tables([_table(name, of_variant) for name, of_variant in variants.items()])
    facts = {
        "classes": "\n".join(first.classes),
        "positive": first.classes[first.positive],
        "threshold": repr(first.threshold),
        "variants": "\n".join(variants),
    }
    pq.write_table(table.replace_schema_metadata(facts), path)


def read_variants(path: Path) -> dict[str, Predictions]:
    """Reads what :func:`write_predictions` wrote: name of the variant -> predictions."""
    table = pq.read_table(path)
    names = table.schema.metadata[b"variants"].decode().split("\n")
    return {name: _predictions(table.filter(pc.equal(table["variant"], name))) for name in names}


def read_predictions(path: Path) -> Predictions:
    """Reads the predictions on the films as they are."""
    return read_variants(path)[ORIGINAL]


def _table(variant: str, predictions: Predictions) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "variant": pa.array([variant] * len(predictions), pa.string()),
        **{name: pa.array(getattr(predictions, name), pa.string()) for name in _TEXTS},
        "age": pa.array(predictions.age, pa.float64()),
        "label": pa.array(predictions.label, pa.int64()),
        **{
            f"probability_{name}": pa.array(predictions.probabilities[:, index], pa.float32())
            for index, name in enumerate(predictions.classes)
        },
        "decided": pa.array(predictions.decided, pa.bool_()),
    }
    return pa.table(columns)


def _predictions(table: pa.Table) -> Predictions:
    facts = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    classes = tuple(facts["classes"].split("\n"))
    return Predictions(
        classes=classes,
        positive=classes.index(facts["positive"]),
        threshold=float(facts["threshold"]),
        **{name: table[name].to_pylist() for name in _TEXTS},
        age=table["age"].to_numpy(),
        label=table["label"].to_numpy(),
        probabilities=np.column_stack([table[f"probability_{name}"].to_numpy() for name in classes]),
        decided=table["decided"].to_numpy(),
    )
