"""The test films altered so that what the model still says shows what it looks at. Pure numpy, no TensorFlow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

#: Side of the boxes that are blanked in each corner, and how far exposure is moved, each way; parts of the whole.
CORNER: Final = 0.20
EXPOSURE: Final = 0.10
#: Standard deviation of the noise in the variant without a film, grey levels.
NOISE: Final = 20.0

#: Images uint8 [N, S, S], the mean film uint8 [S, S] and a generator -> altered images uint8 [N, S, S].
Alteration = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Variant:
    """One way to alter films.

    Attributes:
        name: As in ``predictions.parquet``.
        shows: What of the film can be seen, for a reader.
        judged: Whether no lung can be seen, so that telling the classes apart counts against the model.
        make: Alters them.
    """

    name: str
    shows: str
    judged: bool
    make: Alteration


def make_variants(images: np.ndarray, seed: int, mean: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Alters films in every way of ``VARIANTS``.

    Args:
        images: uint8 [N, S, S]; not changed.
        seed: Of the noise.
        mean: The mean film of the whole split, float [S, S], where ``images`` are a part of it; None = of ``images``.

    Returns:
        Name of the variant -> uint8 [N, S, S], in the order of ``VARIANTS``. The films as they are, are not among them.
    """
    if mean is None:
        mean = images.mean(axis=0) if len(images) else np.zeros(images.shape[1:])
    generator, mean_film = np.random.default_rng(seed), np.round(mean).astype(np.uint8)
    return {variant.name: variant.make(images, mean_film, generator) for variant in VARIANTS}


def _centre(images: np.ndarray, percent: int) -> np.ndarray:
    """A view of the square in the middle of images [..., S, S] that takes so many percent of each side."""
    side = images.shape[-1]
    border = round(side * (100 - percent) / 200)
    return images[..., border : side - border, border : side - border]


def _hidden(percent: int) -> Alteration:
    def make(images: np.ndarray, mean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        altered = images.copy()
        _centre(altered, percent)[:] = 0
        return altered

    return make


def _rim(images: np.ndarray, mean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    altered = images.copy()
    _centre(altered, 80)[:] = _centre(mean, 80)
    return altered


def _mean_noise(images: np.ndarray, mean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return _to_grey(mean + generator.normal(0, NOISE, images.shape))


def _flipped(images: np.ndarray, mean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(images[:, :, ::-1])


def _corners(images: np.ndarray, mean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    altered = images.copy()
    box = round(CORNER * images.shape[1])
    for film in altered:
        for corner in (film[:box, :box], film[:box, -box:], film[-box:, :box], film[-box:, -box:]):
            corner[:] = round(float(np.median(corner)))
    return altered


def _exposed(factor: float) -> Alteration:
    def make(images: np.ndarray, mean: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return _to_grey(images * factor)

    return make


def _to_grey(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


VARIANTS: Final = (
    # At 70 % the bases and flanks of some lungs remain in sight: reported, not judged.
    Variant("hidden_70", "centre 70 % of each side black; edges of the lungs may remain in sight", False, _hidden(70)),
    Variant("hidden_80", "centre 80 % of each side black", True, _hidden(80)),
    Variant("hidden_90", "centre 90 % of each side black", True, _hidden(90)),
    Variant("rim", "outer 10 % of each side as it is, the centre from the mean of all test films", True, _rim),
    Variant(
        "mean_noise",
        f"mean of all test films with noise of {NOISE:g} grey levels: nothing of the film",
        False,
        _mean_noise,
    ),
    Variant("flipped", "left and right exchanged", False, _flipped),
    Variant(
        "corners",
        f"the four corners, {CORNER:.0%} of each side, filled with their own median: without burnt-in text there",
        False,
        _corners,
    ),
    Variant("darker", f"grey levels {EXPOSURE:.0%} lower", False, _exposed(1 - EXPOSURE)),
    Variant("brighter", f"grey levels {EXPOSURE:.0%} higher", False, _exposed(1 + EXPOSURE)),
)
