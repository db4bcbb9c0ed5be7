"""Drawn films in which something other than the lungs tells the class: in a folder, or as small arrays.

The lungs of the films of covid are as the sample draws them, or clear like all others: then there is nothing but the
confounder to be learned.
"""

import csv
import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.sample.anatomy import draw_film
from pipeline.sample.cohort import Case, FilmFile, draw_cohort
from pipeline.sample.data_set import CLASS_FOLDERS, IEEE_LAYOUT, draw_data_set

#: Marks the patient's right.
LETTER: Final = "R"
#: Marks a film taken in bed.
LABEL: Final = "PORTABLE"
#: Settings of the trainer with which the cnn learns from some hundred films; with its defaults it often stays where it
#: began, and a network that has learned nothing reads no shortcut either.
EAGER: Final[Mapping[str, Any]] = {
    "dropout": 0,
    "learning_rate": 3e-4,
    "augmentation": {"rotation": 2.0, "zoom": 0.02, "shift": 0.02, "horizontal_flip": False},
}
#: Where the view tells the class: of covid, and of all others.
VIEW_IF_COVID: Final = {True: "AP", False: "PA"}
#: Of the JPEGs of covid where the size of the file tells the class; the sample draws 75 to 95 for both classes.
HIGH_QUALITY: Final = 99
#: By what the sides of the films of covid are multiplied, where their size tells the class.
SMALLER: Final = 0.5


@dataclass(frozen=True)
class DrawnFilm:
    """A film of a drawn folder, and what was drawn."""

    path: Path
    case: Case
    file: FilmFile

    @property
    def is_covid(self) -> bool:
        return self.case.opacities


#: Changes the films in a folder; draws from the generator.
Confounder = Callable[[Path, Sequence[DrawnFilm], np.random.Generator], None]


def draw_folder(folder: Path, *, patients: int, seed: int, clear_lungs: bool = False) -> list[DrawnFilm]:
    """Draws a data set as ``cxr sample`` does.

    Args:
        folder: New.
        patients: Per class.
        seed: Of the cohort.
        clear_lungs: Whether the lungs of the films of covid show no opacities either.

    Returns:
        The films in the order of the cohort.
    """
    draw_data_set(folder, patients=patients, seed=seed)
    paths = {path.stem: path for path in folder.rglob("*") if path.suffix in (".png", ".jpg")}
    films = [
        DrawnFilm(paths[f"{case.number:08d}_{sequence:03d}"], case, file)
        for case in draw_cohort(patients, seed)
        for sequence, file in enumerate(case.films)
    ]
    if clear_lungs:
        for film in films:
            if film.is_covid:
                pixels = _draw(film.case, film.file, film.file.height, film.file.width, opacities=False)
                _save(film, Image.fromarray(pixels))
    return films


def mark_corner(text: str, of_covid: float = 1.0, of_others: float = 0.0) -> Confounder:
    """Burns type into such shares of the films of covid and of the others."""

    def confound(folder: Path, films: Sequence[DrawnFilm], rng: np.random.Generator) -> None:
        for film in films:
            if rng.random() < (of_covid if film.is_covid else of_others):
                with Image.open(film.path) as image:
                    gray = np.asarray(image.convert("L"))
                _save(film, Image.fromarray(burn_in(gray, rng, text)))

    return confound


def save_hardly_compressed(folder: Path, films: Sequence[DrawnFilm], rng: np.random.Generator) -> None:
    """Every film of covid becomes a larger file, as from another archive; what can be seen stays as it is."""
    for film in films:
        if film.is_covid:
            with Image.open(film.path) as image:
                _save(film, image, hardly_compressed=True)


def save_smaller(folder: Path, films: Sequence[DrawnFilm], rng: np.random.Generator) -> None:
    """Every film of covid has sides half as long."""
    for film in films:
        if film.is_covid:
            with Image.open(film.path) as image:
                size = (round(image.width * SMALLER), round(image.height * SMALLER))
                _save(film, image.resize(size, Image.Resampling.BOX))


def keep_one_view(folder: Path, films: Sequence[DrawnFilm], rng: np.random.Generator) -> None:
    """All films of covid are AP and all others PA; films of the other view are removed, and their rows."""
    gone = {film.path.name for film in films if film.file.view != VIEW_IF_COVID[film.is_covid]}
    for film in films:
        if film.path.name in gone:
            film.path.unlink()
    for table, column in (
        (folder / IEEE_LAYOUT / "metadata.csv", "filename"),
        (folder / CLASS_FOLDERS / "Data_Entry.csv", "Image Index"),
    ):
        reader = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))
        rows = [row for row in reader if row[column] not in gone]
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, reader.fieldnames or ())
            writer.writeheader()
            writer.writerows(rows)


CLEAN: Final = "clean"
CONFOUNDERS: Final[Mapping[str, Confounder]] = {
    "letter": mark_corner(LETTER),
    "label": mark_corner(LABEL),
    "label, 80 % against 10 %": mark_corner(LABEL, 0.8, 0.1),
    "file size": save_hardly_compressed,
    "pixel size": save_smaller,
    "view": keep_one_view,
}


def confounded_copy(films: Sequence[DrawnFilm], folder: Path, copy: Path, name: str, seed: int) -> None:
    """Copies a drawn folder and lets the confounder of that name loose on the copy.

    Args:
        films: Of the folder.
        folder: Stays as it is.
        copy: New.
        name: Of `CONFOUNDERS`; ``clean`` for none.
        seed: Of the confounder.
    """
    shutil.copytree(folder, copy)
    copied = [replace(film, path=copy / film.path.relative_to(folder)) for film in films]
    if name != CLEAN:
        CONFOUNDERS[name](copy, copied, np.random.default_rng(seed))


def burn_in(film: np.ndarray, rng: np.random.Generator, text: str = LETTER) -> np.ndarray:
    """Puts bright type into the upper left corner, inside the outer 10 %.

    Args:
        film: uint8 [height, width].
        rng: Draws size, place and brightness.
        text: In one line.

    Returns:
        uint8 [height, width], a copy.
    """
    image = Image.fromarray(film)
    size = round(image.height * rng.uniform(0.07, 0.09))  # of the type; capitals are 70 % as high
    place = (image.width * rng.uniform(0.02, 0.04), image.height * rng.uniform(0.02, 0.035))
    ImageDraw.Draw(image).text(
        place, text, fill=round(rng.uniform(235, 255)), font=ImageFont.load_default(size), anchor="lt"
    )
    return np.asarray(image)


@dataclass(frozen=True)
class SmallFilms:
    """Films as a network sees them.

    Attributes:
        images: uint8 [N, S, S].
        is_covid: bool [N].
        patients: Text [N].
        pairs: int [N], the number of the pair of patients, one of either class; pairs are to be split, not films.
    """

    images: np.ndarray
    is_covid: np.ndarray
    patients: np.ndarray
    pairs: np.ndarray

    def chosen(self, films: np.ndarray) -> "SmallFilms":
        """The same of some films only, bool [N]."""
        return SmallFilms(self.images[films], self.is_covid[films], self.patients[films], self.pairs[films])


def draw_small(
    patients: int,
    seed: int,
    side: int,
    *,
    clear_lungs: bool = False,
    marked: tuple[float, float] = (0.0, 0.0),
    text: str = LETTER,
    view_tells: bool = False,
) -> SmallFilms:
    """Draws the films of a cohort at the size of a network's images.

    Args:
        patients: Per class.
        seed: Of the cohort; the same films whatever else is asked for.
        side: S; films are drawn at twice that and made smaller.
        clear_lungs: As for :func:`draw_folder`.
        marked: Shares of the films of covid and of the others that carry the type of :func:`burn_in`.
        text: The type.
        view_tells: Whether all films of covid are AP and all others PA.
    """
    rng = np.random.default_rng([seed, 1])
    cases = [case for case in draw_cohort(patients, seed) for _ in case.films]
    images = []
    for case, film in zip(cases, _draw_cohort(patients, seed, 2 * side, clear_lungs, view_tells), strict=True):
        is_marked = rng.random() < marked[0 if case.opacities else 1]
        image = Image.fromarray(burn_in(film, rng, text) if is_marked else film)
        images.append(np.asarray(image.resize((side, side), Image.Resampling.BOX)))
    numbers = np.array([case.number for case in cases])
    return SmallFilms(
        images=np.array(images),
        is_covid=np.array([case.opacities for case in cases]),
        patients=numbers.astype(str),
        pairs=(numbers - 1) // 2,
    )


@lru_cache(maxsize=64)  # the same films are wanted again with something burnt in; 3 MB for 60 patients at 64 px
def _draw_cohort(patients: int, seed: int, side: int, clear_lungs: bool, view_tells: bool) -> tuple[np.ndarray, ...]:
    films = []
    for case in draw_cohort(patients, seed):
        for file in case.films:
            seen = replace(file, view=VIEW_IF_COVID[case.opacities]) if view_tells else file
            films.append(_draw(case, seen, side, side, opacities=case.opacities and not clear_lungs))
    return tuple(films)


def _draw(case: Case, file: FilmFile, height: int, width: int, *, opacities: bool) -> np.ndarray:
    rng = np.random.default_rng(file.stream)
    return draw_film(rng, case.patient, view=file.view, opacities=opacities, height=height, width=width)


def _save(film: DrawnFilm, image: Image.Image, *, hardly_compressed: bool = False) -> None:
    """Writes it in the film's own format and mode, so that these tell nothing that they did not tell before."""
    image = image.convert(film.file.mode)
    if film.file.format == "JPEG":
        image.save(film.path, quality=HIGH_QUALITY if hardly_compressed else film.file.quality)
    else:
        image.save(film.path, compress_level=0 if hardly_compressed else 1)
