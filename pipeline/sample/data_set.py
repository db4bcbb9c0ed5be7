"""Writes a drawn data set in the two layouts that public collections have.

::

    ieee-layout/metadata.csv, images/          as ieee8023's covid-chestxray-dataset of March 2020
    class-folders/covid/, normal/, Data_Entry.csv    a folder per class and a table as NIH's ChestX-ray14

Both hold both classes and both views, and no patient is in both.
"""

import csv
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.sample.anatomy import draw_film
from pipeline.sample.cohort import CELLS, Case, FilmFile, draw_cohort
from trainer.errors import UsageError

IEEE_LAYOUT = "ieee-layout"
CLASS_FOLDERS = "class-folders"
FOLDER_OF_FINDING = {"COVID-19": "covid", "No Finding": "normal"}
SUFFIX = {"PNG": ".png", "JPEG": ".jpg"}

#: As upstream wrote it: ' url' with a space before it, and a last column without a name.
IEEE_COLUMNS = (
    *("Patientid", "offset", "sex", "age", "finding", "survival", "view", "modality", "date", "location"),
    *("filename", "doi", " url", "license", "clinical notes", "other notes", ""),
)
NIH_COLUMNS = (
    *("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", "Patient Gender"),
    *("View Position", "OriginalImage[Width", "Height]", "OriginalImagePixelSpacing[x", "y]"),
)
DETECTOR_MM = 380  #: height of the detector, from which the pixel spacing follows
#: Films from which on further processes save more time than their start takes, about a second.
FILMS_FOR_PROCESSES = 100


@dataclass(frozen=True)
class _Film:
    """One film of a case and its place in it."""

    case: Case
    sequence: int

    @property
    def file(self) -> FilmFile:
        return self.case.films[self.sequence]

    @property
    def name(self) -> str:
        return f"{self.case.number:08d}_{self.sequence:03d}{SUFFIX[self.file.format]}"

    @property
    def path(self) -> Path:
        if self.case.source == "ieee8023":
            return Path(IEEE_LAYOUT, "images", self.name)
        return Path(CLASS_FOLDERS, FOLDER_OF_FINDING[self.case.finding], self.name)


def draw_data_set(
    folder: Path, *, patients: int, seed: int, progress: Callable[[int, int], None] | None = None
) -> None:
    """Draws films of ``patients`` people per class into ``folder``.

    The same seed gives the same bytes on any number of cores, and more patients only add films. Everything is drawn
    beside ``folder`` and renamed at the end, so that an interrupted draw leaves nothing half.

    Args:
        folder: New or empty; its parents are made.
        patients: Per class; from 4 on both sources hold both classes and both views.
        seed: Not negative.
        progress: Called after each film with the films drawn so far and the films in all.

    Raises:
        UsageError: If the folder holds something, or ``patients`` or ``seed`` is out of range.
    """
    _check(folder, patients, seed)
    films = [_Film(case, sequence) for case in draw_cohort(patients, seed) for sequence in range(len(case.films))]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        draft = Path(beside, "films")
        for done, _ in enumerate(_write_films(draft, films), start=1):
            if progress is not None:
                progress(done, len(films))
        _write_ieee_metadata(draft, [film for film in films if film.case.source == "ieee8023"])
        _write_nih_metadata(draft, [film for film in films if film.case.source == "class_folders"])
        draft.rename(folder)


def _check(folder: Path, patients: int, seed: int) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"folder '{folder}' is not empty; films are drawn into a new one: name another or remove it")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"'{folder}' is a file; films are drawn into a new folder: name another or remove it")
    if patients < len(CELLS):
        raise UsageError(
            f"patients is {patients}, but both sources hold both classes and views only from {len(CELLS)} per class "
            f"on; ask for {len(CELLS)} or more"
        )
    if seed < 0:
        raise UsageError(f"seed is {seed}; it must be 0 or more")


def _write_films(root: Path, films: Sequence[_Film]) -> Iterator[None]:
    """Draws on all cores that this process may use; yields after each film."""
    paths = [root / film.path for film in films]
    for folder in {path.parent for path in paths}:
        folder.mkdir(parents=True)
    processes = len(os.sched_getaffinity(0))
    if processes == 1 or len(films) < FILMS_FOR_PROCESSES:
        yield from map(_write_film, paths, films)
        return
    # Spawned, not forked: whoever draws may have threads, TensorFlow's for one.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_write_film, paths, films, chunksize=8)


def _write_film(path: Path, film: _Film) -> None:
    file = film.file
    rng = np.random.default_rng(file.stream)
    pixels = draw_film(
        rng, film.case.patient, view=file.view, opacities=film.case.opacities, height=file.height, width=file.width
    )
    image = Image.fromarray(pixels).convert(file.mode)
    if file.format == "JPEG":
        image.save(path, quality=file.quality)
    else:
        image.save(path, compress_level=1)  # Noise does not compress; more effort only takes longer.


def _write_ieee_metadata(root: Path, films: Iterable[_Film]) -> None:
    rows = (
        {
            "Patientid": film.case.number,
            "offset": film.file.day,
            "sex": film.case.patient.sex,
            "age": film.case.patient.age,
            "finding": film.case.finding,
            "view": film.file.view,
            "modality": "X-ray",
            "filename": film.name,
            "other notes": "drawn, not a real person",
        }
        for film in films
    )
    _write_table(root / IEEE_LAYOUT / "metadata.csv", IEEE_COLUMNS, rows, "\n")


def _write_nih_metadata(root: Path, films: Iterable[_Film]) -> None:
    rows = (
        {
            "Image Index": film.name,
            "Finding Labels": film.case.finding,
            "Follow-up #": film.sequence,
            "Patient ID": film.case.number,
            "Patient Age": film.case.patient.age,
            "Patient Gender": film.case.patient.sex,
            "View Position": film.file.view,
            "OriginalImage[Width": film.file.width,
            "Height]": film.file.height,
            "OriginalImagePixelSpacing[x": round(DETECTOR_MM / film.file.height, 3),
            "y]": round(DETECTOR_MM / film.file.height, 3),
        }
        for film in films
    )
    _write_table(root / CLASS_FOLDERS / "Data_Entry.csv", NIH_COLUMNS, rows, "\r\n")


def _write_table(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, object]], line_end: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator=line_end)
        writer.writeheader()
        writer.writerows(rows)
