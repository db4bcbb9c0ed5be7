"""The network once per test film and variant."""

from typing import Final

import numpy as np

from components.score.films import Films
from components.score.servable import BATCH_SIZE, Servable
from components.score.variants import VARIANTS, make_variants
from trainer.predictions import ORIGINAL, Predictions
from trainer.progress import Bar

_NAMES: Final = (ORIGINAL, *(variant.name for variant in VARIANTS))


def run_variants(model: Servable, films: Films, seed: int) -> dict[str, Predictions]:
    """Asks a model about films as they are and in every variant, through the signature that takes records.

    Args:
        model: Is asked.
        films: All films of the split: the mean film is theirs.
        seed: Of the noise.

    Returns:
        Name of the variant -> predictions, the films as they are first.
    """
    probabilities: dict[str, list[np.ndarray]] = {name: [model.ask([])[0]] for name in _NAMES}
    decided: dict[str, list[np.ndarray]] = {name: [model.ask([])[1]] for name in _NAMES}
    mean = films.mean_image()
    with Bar("scoring films and variants", len(films) * len(_NAMES)) as bar:
        for start in range(0, len(films), BATCH_SIZE):  # so that memory holds the variants of some films only
            some = range(start, min(start + BATCH_SIZE, len(films)))
            records = {ORIGINAL: [films.records[film] for film in some]}
            for name, images in make_variants(films.images(some), seed + start, mean).items():
                records[name] = [films.altered(film, image) for film, image in zip(some, images, strict=True)]
            for name in _NAMES:
                said = model.ask(records[name])
                probabilities[name].append(said[0])
                decided[name].append(said[1])
                bar.advance(len(some))
    return {
        name: model.predictions(films, np.concatenate(probabilities[name]), np.concatenate(decided[name]))
        for name in _NAMES
    }
