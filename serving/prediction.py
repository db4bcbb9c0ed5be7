"""What a served model says of films, whether it was asked in this process or over a network. No TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr_client import HeatMap
from trainer.features import INVALID, INVALID_SCORE


@dataclass(frozen=True)
class Prediction:
    """What the model says of one film.

    Attributes:
        path: the film.
        label: name of a class; ``invalid`` for a film that cannot be decoded.
        score: probability of the positive class, 0..1; -1 for an invalid film.
        positive: whether the score reaches the threshold.
        valid: whether the film could be decoded.
        error: why not; empty for a valid film.
        probabilities: class -> probability; of an invalid film all 0, or none where its classes are not known.
        threshold: from which a score is positive; None where it is not told.
        version: that answered, as the server counts it; None where that is not told.
        heatmap: why the film is called so, if that was asked for.
    """

    path: Path
    label: str
    score: float
    positive: bool
    valid: bool
    error: str
    probabilities: dict[str, float]
    threshold: float | None = None
    version: str | None = None
    heatmap: HeatMap | None = None


def unanswered(film: Path) -> Prediction:
    """In place of a prediction that was not waited for."""
    return without_answer(film, "not answered")


def without_answer(film: Path, error: str) -> Prediction:
    """In place of a prediction that there is not."""
    return Prediction(film, INVALID, INVALID_SCORE, positive=False, valid=False, error=error, probabilities={})


@dataclass(frozen=True)
class Answers:
    """Predictions, and what a reader must know of the model that gave them.

    Attributes:
        predictions: in the order of the films.
        version: that answered; None where that is not told, or where several did.
        positive: the positive class; None where it is not told.
        threshold: from which a score is positive; None where it is not told, or where versions differ in it.
        notes: sentences for the reader.
    """

    predictions: Sequence[Prediction]
    version: str | None
    positive: str | None
    threshold: float | None
    notes: Sequence[str]
