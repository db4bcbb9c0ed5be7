"""Predictions by rule."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from trainer.predictions import Predictions


@pytest.fixture(scope="session")
def predict() -> Callable[..., Predictions]:
    """Predictions of two classes from labels (0 = covid) and scores; a patient a film, threshold 0.5."""

    def make(
        label: Sequence[int] | np.ndarray, score: Sequence[float] | np.ndarray, patients: Sequence[str] | None = None
    ) -> Predictions:
        films, of_covid = len(label), np.array(score, np.float32)
        return Predictions(
            classes=("covid", "healthy"),
            positive=0,
            threshold=0.5,
            image_id=[f"i{film}" for film in range(films)],
            patient_id=list(patients) if patients else [f"p{film}" for film in range(films)],
            label=np.array(label, np.int64),
            view=["PA"] * films,
            source=["s"] * films,
            sex=[""] * films,
            age=np.full(films, np.nan),
            probabilities=np.stack([of_covid, 1 - of_covid], axis=1).reshape(films, 2),
            decided=of_covid >= 0.5,
        )

    return make
