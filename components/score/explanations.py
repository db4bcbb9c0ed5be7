"""``explanations.npz``: some films, and the maps that explain what the model said of them. No TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Explanations:
    """Explained films, in the order in which ``components.score.choice`` took them.

    Attributes:
        image_id: Text [G].
        images: uint8 [G, S, S].
        heat: Grad-CAM of the class that the film is called, float32 [G, h, w], 0..1; [G, 0, 0] of a model that
            does not explain itself.
        occlusion: Of the first K films, drop of the true class's probability, float32 [K, 6, 6].
        mean: The mean of all test films, float32 [S, S]; [0, 0] without films.
    """

    image_id: Sequence[str]
    images: np.ndarray
    heat: np.ndarray
    occlusion: np.ndarray
    mean: np.ndarray

    def write(self, path: Path) -> None:
        """Writes arrays without pickle."""
        np.savez_compressed(path, **{**vars(self), "image_id": np.array(self.image_id, dtype=str)})

    @classmethod
    def read(cls, path: Path) -> "Explanations":
        """Reads what :meth:`write` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{**arrays, "image_id": arrays["image_id"].tolist()})
