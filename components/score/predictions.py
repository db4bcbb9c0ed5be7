"""A row per film with what the model said of it: the one table that gate, report and comparison read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ORIGINAL: Final = "original"  #: the variant in which the film is as it was read


@dataclass(frozen=True)
class Predictions:
    """Predictions of one model on the films of one split, in the order of the records.

    Attributes:
        classes: Names of the classes, [C].
        positive: Index of the positive class.
        image_id: Text [N].
        patient_id: Text [N], pseudonyms.
        label: int64 [N], index of the true class.
        view: Text [N].
        source: Text [N].
        probabilities: float32 [N, C].
        decided: bool [N], the model calls the film positive at its stored threshold.
        variant: How the films were shown to the model.
    """

    classes: tuple[str, ...]
    positive: int
    image_id: Sequence[str]
    patient_id: Sequence[str]
    label: np.ndarray
    view: Sequence[str]
    source: Sequence[str]
    probabilities: np.ndarray
    decided: np.ndarray
    variant: str = ORIGINAL

    @property
    def is_positive(self) -> np.ndarray:
        """Bool [N]: the film truly is of the positive class."""
        return self.label == self.positive

    @property
    def score(self) -> np.ndarray:
        """float32 [N]: probability of the positive class."""
        return self.probabilities[:, self.positive]

    def write(self, path: Path) -> None:
        """Writes a Parquet file; the classes and the positive one stand in its metadata."""
        columns: Mapping[str, object] = {
            "image_id": pa.array(self.image_id, pa.string()),
            "patient_id": pa.array(self.patient_id, pa.string()),
            "label": pa.array(self.label, pa.int64()),
            "view": pa.array(self.view, pa.string()),
            "source": pa.array(self.source, pa.string()),
            "variant": pa.array([self.variant] * len(self.label), pa.string()),
            **{
                f"probability_{name}": pa.array(self.probabilities[:, index], pa.float32())
                for index, name in enumerate(self.classes)
            },
            "decided": pa.array(self.decided, pa.bool_()),
        }
        table = pa.table(columns).replace_schema_metadata(
            {"classes": "\n".join(self.classes), "positive": self.classes[self.positive]}
        )
        pq.write_table(table, path)

    @classmethod
    def read(cls, path: Path) -> "Predictions":
        """Reads what ``write`` wrote."""
        table = pq.read_table(path)
        metadata = table.schema.metadata
        classes = tuple(metadata[b"classes"].decode().split("\n"))
        return cls(
            classes=classes,
            positive=classes.index(metadata[b"positive"].decode()),
            image_id=table["image_id"].to_pylist(),
            patient_id=table["patient_id"].to_pylist(),
            label=table["label"].to_numpy(),
            view=table["view"].to_pylist(),
            source=table["source"].to_pylist(),
            probabilities=np.column_stack([table[f"probability_{name}"].to_numpy() for name in classes]),
            decided=table["decided"].to_numpy(),
        )
