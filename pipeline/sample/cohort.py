"""Who is drawn: pairs of patients, one of either class, from the same source and with as many films.

The first film of both has the same view, so that even a small set holds every class in every source and view equally
often. Everything else (bodies, sex, age, further views, file format, colour mode, size) is drawn for each patient
before and apart from the class. It is not shared within a pair: a patient kept out of training would then be known by
the partner of the other class, and cross-validated audits would find less than chance, an artefact of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.sample.patient import Patient

FINDINGS = ("No Finding", "COVID-19")
SourceKind = Literal["ieee8023", "class_folders"]

#: Films of each of ten patients in turn: 1 to 3, 1.5 on average.
FILMS_PER_PATIENT = (1, 2, 1, 1, 3, 1, 2, 1, 1, 2)
#: Source and first view of each of four pairs in turn: every four pairs fill all cells.
CELLS: tuple[tuple[SourceKind, str], ...] = (
    ("ieee8023", "PA"),
    ("class_folders", "AP"),
    ("class_folders", "PA"),
    ("ieee8023", "AP"),
)
#: Height and width of the films in pixels: upright, square and lying.
SHAPES = ((512, 512), (420, 380), (380, 420), (700, 640), (640, 760), (320, 320), (600, 500), (512, 600), (840, 800))


@dataclass(frozen=True)
class FilmFile:
    """One film to draw and the file to write it to."""

    view: str
    height: int
    width: int
    format: Literal["PNG", "JPEG"]
    mode: Literal["L", "RGB"]
    quality: int  #: of the JPEG
    day: int  #: since the first film of the patient
    stream: tuple[int, ...]  #: key of the random stream that draws it


@dataclass(frozen=True)
class Case:
    """A patient, what their films show, and the files."""

    number: int  #: unique in the cohort, tells nothing
    source: SourceKind
    patient: Patient
    opacities: bool
    films: tuple[FilmFile, ...]

    @property
    def finding(self) -> str:
        """COVID-19 or No Finding."""
        return FINDINGS[self.opacities]


def draw_cohort(patients: int, seed: int) -> Iterator[Case]:
    """``patients`` cases of either class, pair after pair; the first pairs are the same for any ``patients``."""
    for pair in range(patients):
        source, first_view = CELLS[pair % len(CELLS)]
        count = FILMS_PER_PATIENT[pair % len(FILMS_PER_PATIENT)]
        order = np.random.default_rng([seed, pair]).permutation(2)
        for place, opacities in enumerate(order):
            # Keys start at 1: numpy fills short keys up with zeros, so [7, 3] and [7, 3, 0] are one stream.
            rng = np.random.default_rng([seed, pair, place + 1])
            yield Case(
                number=2 * pair + place + 1,
                source=source,
                patient=Patient.draw(rng),
                opacities=bool(opacities),
                films=tuple(
                    _draw_file(rng, film, first_view, stream=(seed, pair, place + 1, film + 1)) for film in range(count)
                ),
            )


def _draw_file(rng: np.random.Generator, film: int, first_view: str, stream: tuple[int, ...]) -> FilmFile:
    height, width = SHAPES[rng.integers(len(SHAPES))]
    return FilmFile(
        view=("PA", "AP")[rng.integers(2)] if film else first_view,
        height=height,
        width=width,
        format="JPEG" if rng.random() < 0.5 else "PNG",
        mode="RGB" if rng.random() < 0.4 else "L",
        quality=int(rng.integers(75, 96)),
        day=3 * film + int(rng.integers(3)) if film else 0,
        stream=stream,
    )
