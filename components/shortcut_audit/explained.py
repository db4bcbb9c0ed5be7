"""How much of the heat lies where lungs mostly are. No TensorFlow."""

from collections.abc import Sequence

import numpy as np

from components.score.explanations import Explanations
from components.shortcut_audit.pictures import stretch
from components.shortcut_audit.report import Explained
from trainer.lung_field import lung_field, share_inside
from trainer.predictions import Predictions
from trainer.servable import Rate

REPLICATES = 2000


def measure_heat(explanations: Explanations, predictions: Predictions) -> tuple[Explained, ...]:
    """The explained films with the share of their heat inside the lung field; without pictures."""
    side = explanations.images.shape[-1]
    field = lung_field(side)
    place = {image_id: film for film, image_id in enumerate(predictions.image_id)}
    names, called = predictions.classes, predictions.called
    explained = []
    for image_id, heat in zip(explanations.image_id, explanations.heat, strict=True):
        film = place[image_id]
        explained.append(
            Explained(
                image_id=image_id,
                label=names[predictions.label[film]],
                called=names[called[film]],
                score=float(predictions.score[film]),
                heat_inside=share_inside(stretch(heat, side), field) if heat.size else None,
                field=float(field.mean()),
            )
        )
    return tuple(explained)


def mean_inside(explained: Sequence[Explained], predictions: Predictions, seed: int = 0) -> Rate | None:
    """The mean share of heat inside the lung field over films that have a map.

    Returns:
        With the percentile interval of a bootstrap of patients; None with fewer than two of them, who have no spread.
    """
    patient_of = dict(zip(predictions.image_id, predictions.patient_id, strict=True))
    films = [(film.heat_inside, patient_of[film.image_id]) for film in explained if film.heat_inside is not None]
    names, patients = np.unique([patient for _, patient in films], return_inverse=True)
    if len(names) < 2:
        return None
    shares = np.array([share for share, _ in films])
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=REPLICATES)
    weights = drawn[:, patients].astype(float)
    low, high = np.quantile(weights @ shares / weights.sum(axis=1), [0.025, 0.975])
    return Rate(value=float(shares.mean()), low=float(low), high=float(high), n=len(films), patients=len(names))
