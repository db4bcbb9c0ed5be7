"""Kaggle's "Chest X-Ray Images (Pneumonia)": ``train``, ``val`` and ``test``, each with ``NORMAL`` and ``PNEUMONIA``.

There is no table; patients and causes stand in the names of the films: ``person123_bacteria_4.jpeg``,
``person1_virus_6.jpeg``, ``IM-0115-0001.jpeg``, ``NORMAL2-IM-0290-0001.jpeg``, and in the release on Mendeley Data
``BACTERIA-40699-0001.jpeg``. The publisher does not say whether the numbers begin anew in each split and for each
cause. So the same number is taken as the same person wherever it stands: what is wrongly held together costs a little
freedom in the split, what is wrongly parted is a leak. The publisher's splits are not kept. ``IM-`` and
``NORMAL2-IM-`` are two series of numbers, of different films, and stay apart.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from components.manifest_gen.folder import list_films
from components.manifest_gen.inside import Patterns
from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.sources.base import SourceSettings
from components.manifest_gen.views import ViewName

NORMAL: Final = "Normal"
#: By cause in the name; none for a name that says none.
PNEUMONIA: Final = {"bacteria": "Pneumonia/Bacterial", "virus": "Pneumonia/Viral", "": "Pneumonia"}

_NAMES: Final = (
    re.compile(r"(?P<patient>person\d+)_(?P<cause>bacteria|virus)_\d+.*", re.I | re.A),
    re.compile(r"(?P<cause>bacteria|virus|normal)-(?P<patient>\d+)-\d+.*", re.I | re.A),
    re.compile(r"(?P<patient>(?P<cause>normal)\d*-im-\d+)-\d+.*", re.I | re.A),
    re.compile(r"(?P<patient>(?P<cause>im)-\d+)-\d+.*", re.I | re.A),
)
_FOLDERS: Final = ("normal", "pneumonia")


class KagglePneumoniaSource(SourceSettings):
    """Folders ``NORMAL`` and ``PNEUMONIA``, in folders for splits."""

    kind: Literal["kaggle_pneumonia"]
    images: Patterns = ("*/NORMAL", "*/PNEUMONIA")
    view: ViewName = Field(description="of all films; the collection does not say (its paper: anterior-posterior)")

    @property
    def tables(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def films(self) -> tuple[str, ...]:
        """Where the images lie."""
        return self.images

    @property
    def names_patients(self) -> bool:
        """By file name."""
        return True


def read_kaggle_pneumonia(source: KagglePneumoniaSource, folder: Path) -> Iterator[Film | Rejection]:
    """Every film, as one or as a rejection. A cause that the folder contradicts is handed on as `Film.stated`.

    Raises:
        SourceError: No such folders, or no film in them.
    """
    for name, listed in list_films(source, folder).items():
        if isinstance(listed.film, Rejection):
            yield listed.film
            continue
        *folders, file = name.casefold().split("/")
        said = next((found for pattern in _NAMES if (found := pattern.fullmatch(file))), None)
        kind = next((part for part in reversed(folders) if part in _FOLDERS), None)
        if said is None:
            detail = "the name does not say of which patient the film is; leave it out of the folder"
            yield Rejection(source.name, 0, name, "no_patient", detail)
            continue
        is_normal = said["cause"] in ("im", "normal")
        by_name = NORMAL if is_normal else PNEUMONIA[said["cause"]]
        by_folder = {"normal": NORMAL, "pneumonia": PNEUMONIA[""], None: by_name}[kind]
        agree = by_folder == by_name or (by_folder != NORMAL and not is_normal)
        yield Film(
            path=listed.film,
            row=0,
            source=source.name,
            file=name,
            patient=said["patient"],
            finding=by_name if agree else by_folder,
            view=source.view,
            stated="" if agree else by_name,
        )
