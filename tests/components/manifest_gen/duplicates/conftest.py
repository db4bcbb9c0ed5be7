"""Drawn films of several patients, and the copies that are made of them."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from components.manifest_gen.duplicates.fingerprint import Fingerprint, fingerprint_of
from pipeline.sample.anatomy import draw_film
from pipeline.sample.cohort import draw_cohort

Gray = npt.NDArray[np.uint8]
SIDE = 320


@dataclass(frozen=True)
class Drawn:
    """Different films; some of them show one patient."""

    patients: Sequence[int]
    films: Sequence[Gray]
    fingerprints: Sequence[Fingerprint]


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    """30 films of 20 patients."""
    films = [(case, file) for case in draw_cohort(10, 5) for file in case.films]
    pixels = []
    for case, file in films:
        scale = SIDE / max(file.height, file.width)
        size = {"height": round(scale * file.height), "width": round(scale * file.width)}
        rng = np.random.default_rng(file.stream)
        pixels.append(draw_film(rng, case.patient, view=file.view, opacities=case.opacities, **size))
    return Drawn([case.number for case, _ in films], pixels, [fingerprint_of(film) for film in pixels])


def jpeg(film: Gray, quality: int) -> Gray:
    stream = io.BytesIO()
    Image.fromarray(film).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream).convert("L"))


def scaled(film: Gray, across: float, down: float | None = None) -> Gray:
    size = round(film.shape[1] * across), round(film.shape[0] * (down or across))
    return np.asarray(Image.fromarray(film).resize(size, Image.Resampling.BICUBIC))


def cropped(film: Gray, left: float, top: float, right: float, bottom: float) -> Gray:
    height, width = film.shape
    return film[int(height * top) : height - int(height * bottom), int(width * left) : width - int(width * right)]


def bordered(film: Gray, level: int) -> Gray:
    return np.asarray(cv2.copyMakeBorder(film, 30, 0, 45, 20, cv2.BORDER_CONSTANT, value=level), np.uint8)


def marked(film: Gray) -> Gray:
    film = film.copy()
    cv2.putText(film, "PORTABLE", (20, 290), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    return film


KINDS: Mapping[str, Callable[[Gray], Gray]] = {
    "jpeg": lambda film: jpeg(film, 30),
    "smaller": lambda film: scaled(film, 0.4),
    "larger": lambda film: scaled(film, 2),
    "aspect": lambda film: scaled(film, 0.8, 0.88),
    "crop": lambda film: cropped(film, 0.2, 0.2, 0.2, 0.2),
    "one-sided crop": lambda film: cropped(film, 0, 0.2, 0, 0),
    "black border": lambda film: bordered(film, 0),
    "white border": lambda film: bordered(film, 255),
    "gamma": lambda film: np.rint(255 * (film / 255) ** 1.5).astype(np.uint8),
    "mark": marked,
    "crop, smaller, jpeg": lambda film: jpeg(scaled(cropped(film, 0.1, 0, 0.15, 0.2), 0.6), 50),
}


@pytest.fixture(scope="session", params=KINDS)
def alter(request: pytest.FixtureRequest) -> Callable[[Gray], Gray]:
    """A way to make a copy; every test that asks for it runs once for each of them."""
    return KINDS[request.param]
