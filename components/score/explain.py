"""Asks a model why it said what it said of some films."""

import numpy as np

from components.score.choice import choose_films
from components.score.explanations import Explanations
from components.score.films import Films
from components.score.occlusion import GRID, drop_map, occlude
from components.score.servable import Servable
from components.score.settings import ScoreSettings
from trainer.predictions import Predictions
from trainer.progress import track


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
    occluded = chosen[: settings.occluded]
    maps = [
        _occlusion(model, films, predictions, film) for film in track(occluded, "hiding parts of films", len(occluded))
    ]
    return Explanations(
        image_id=[predictions.image_id[film] for film in chosen],
        images=images,
        heat=model.explain(images) if model.explains else np.empty((len(chosen), 0, 0), np.float32),
        occlusion=np.array(maps, np.float32).reshape(-1, GRID, GRID),
        mean=films.mean_image().astype(np.float32),
    )


def _occlusion(model: Servable, films: Films, predictions: Predictions, film: int) -> np.ndarray:
    label = predictions.label[film]
    records = [films.altered(film, image) for image in occlude(films.images([film])[0])]
    return drop_map(float(predictions.probabilities[film, label]), model.ask(records)[0][:, label])
