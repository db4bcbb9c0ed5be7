"""Asks a model why it said what it said of some films."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from components.score.choice import choose_films
from components.score.explanations import Explanations
from components.score.films import Films
from components.score.occlusion import GRID, drop_map, occlude
from components.score.servable import BATCH_SIZE, Servable
from components.score.settings import ScoreSettings
from trainer.predictions import Predictions
from trainer.progress import Bar


def explain(model: Servable, films: Films, predictions: Predictions, settings: ScoreSettings) -> Explanations:
    """Grad-CAM and occlusion maps of the films that are most wrong and most right.

    Args:
        model: Is asked through the signatures that a server answers.
        films: All films of the split.
        predictions: On the films as they are.
        settings: How many.
    """
    chosen = choose_films(predictions, settings.explained)
    images = films.images(chosen)
    return Explanations(
        image_id=[predictions.image_id[film] for film in chosen],
        images=images,
        heat=model.explain(images) if model.explains else np.empty((len(chosen), 0, 0), np.float32),
        occlusion=_occlusion(model, films, predictions, chosen[: settings.occluded]),
        mean=films.mean_image().astype(np.float32),
    )


def _occlusion(model: Servable, films: Films, predictions: Predictions, chosen: Sequence[int]) -> np.ndarray:
    """Drop maps float32 [K, GRID, GRID]; hidden patches of several films share batches."""
    said, maps = [], []
    with Bar("hiding parts of films", len(chosen) * GRID**2) as bar:
        records = (films.altered(film, image) for film in chosen for image in occlude(films.images([film])[0]))
        while batch := list(islice(records, BATCH_SIZE)):
            said.append(model.ask(batch)[0])
            bar.advance(len(batch))
    hidden = np.concatenate(said).reshape(len(chosen), GRID**2, -1) if said else ()
    for film, probabilities in zip(chosen, hidden, strict=True):
        label = predictions.label[film]
        maps.append(drop_map(float(predictions.probabilities[film, label]), probabilities[:, label]))
    return np.array(maps, np.float32).reshape(-1, GRID, GRID)
