"""A folder of films against a manifest that was made of it, here or in another place."""

import os
import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from components.manifest_gen.folder import ENDINGS
from components.manifest_gen.manifest import sha256_of
from components.manifest_gen.rows import ManifestRow, Rejection
from pipeline.progress import Progress, silent
from trainer.errors import UsageError


@dataclass(frozen=True)
class Comparison:
    """What differs; names are paths below the folder, in order.

    Attributes:
        films: Films of the manifest.
        missing: Films of the manifest that are not there.
        changed: Films that are there with other bytes.
        unreadable: Films that the file system does not hand out.
        extra: Films that the manifest and its list of rejections do not know, in folders of which they know films,
            and below these.
        elsewhere: Other folder -> number of film files in it. A collection may hold pictures that no source reads
            (masks, figures), so these are counted and no difference.
    """

    films: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unreadable: tuple[str, ...]
    extra: tuple[str, ...]
    elsewhere: Mapping[str, int]

    @property
    def intact(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.changed or self.unreadable or self.extra)


def compare(
    folder: Path, rows: Sequence[ManifestRow], rejected: Iterable[Rejection], progress: Progress = silent
) -> Comparison:
    """Reads every film of the manifest again and looks for films that it does not know.

    A manifest holds absolute paths. Where the films have moved since (another machine, another disk), they are looked
    for at the same places below ``folder`` as they had below one of the folders above them all: the one by which most
    are found.

    Args:
        folder: Holds the sources, as ``data.root`` did.
        rows: Of the manifest.
        rejected: Of its list of rejections. These films are known, but their bytes are not.
        progress: Told the films.

    Raises:
        UsageError: No such folder, or not one film of the manifest in it.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; name the one that holds the sources, as data.root did")
    folder = Path(os.path.realpath(folder))
    there = _files_below(folder)
    places = _places(folder, rows, there)
    found: dict[str, list[str]] = {"missing": [], "changed": [], "unreadable": []}
    for done, (row, place) in enumerate(zip(rows, places, strict=True), start=1):
        if difference := _difference(row, place):
            found[difference].append(_shown(place, folder))
        progress("films", done, len(rows))
    extra, elsewhere = _unknown(folder, there, places, rejected)
    differences = {kind: tuple(sorted(names)) for kind, names in found.items()}
    return Comparison(len(rows), extra=extra, elsewhere=elsewhere, **differences)


def _files_below(folder: Path) -> dict[str, Path]:
    """Name below the folder -> path without links, of every file that is not hidden; linked folders count."""
    found: dict[str, Path] = {}
    entered: set[str] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in entered:  # a loop of links
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in files:
            if not file.startswith("."):
                path = Path(real, file)
                name = os.path.relpath(os.path.join(parent, file), folder)
                found[name] = Path(os.path.realpath(path)) if path.is_symlink() else path
    return found


def _places(folder: Path, rows: Sequence[ManifestRow], there: Mapping[str, Path]) -> list[Path]:
    """Where each film of the manifest should be."""
    here = {str(path) for path in there.values()}
    if not rows or any(row.path in here for row in rows):
        # A folder may have been moved away and linked to since.
        return [Path(row.path if row.path in here else os.path.realpath(row.path)) for row in rows]
    common = Path(os.path.commonpath([os.path.dirname(row.path) for row in rows]))
    best, best_score = common, (0, 0)
    for above in (common, *common.parents):
        names = [os.path.relpath(row.path, above) for row in rows]
        met = [(row, there[name]) for row, name in zip(rows, names, strict=True) if name in there]
        # Sizes go first: with numbered films, a wrong folder has the same names.
        score = (sum(_size(path) == row.bytes for row, path in met), len(met))
        if score > best_score:
            best, best_score = above, score
    if best_score == (0, 0):
        raise UsageError(
            f"not one of the {len(rows)} films of the manifest lies in {folder}; name the folder that holds the "
            "sources, as data.root did"
        )
    # By the path without links, as it is known to be there or not.
    names = [os.path.relpath(row.path, best) for row in rows]
    return [there.get(name, folder / name) for name in names]


def _difference(row: ManifestRow, place: Path) -> str | None:
    try:
        if place.stat().st_size == row.bytes and sha256_of(place) == row.sha256:
            return None
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError:
        return "unreadable"
    return "changed"


def _unknown(
    folder: Path, there: Mapping[str, Path], places: Iterable[Path], rejected: Iterable[Rejection]
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Films that nobody knows: by name in folders of known ones, by number in other folders."""
    known = set(places)
    names = _Names(rejected)
    unknown, homes = [], {PurePosixPath(os.path.relpath(path.parent, folder)) for path in known}
    for name in sorted(there):
        path = PurePosixPath(name)
        if there[name] in known or names.take(path):
            homes.add(path.parent)
        elif path.suffix.lower() in ENDINGS:
            unknown.append(path)
    extra = [path for path in unknown if not homes.isdisjoint(path.parents)]
    elsewhere = Counter(str(path.parent) for path in unknown if homes.isdisjoint(path.parents))
    return tuple(map(str, extra)), dict(elsewhere)


class _Names:
    """The names of rejected films, as metadata or listings spell them: the end of a path, maybe without an ending."""

    def __init__(self, rejected: Iterable[Rejection]) -> None:
        pairs = {(one.source, _plain(one.file)) for one in rejected if one.reason != "no_file"}
        self._left = Counter(file for _, file in pairs)

    def take(self, path: PurePosixPath) -> bool:
        """Whether a file is one of them; each of them is one file only."""
        for first in range(len(path.parts)):
            end = PurePosixPath(*path.parts[first:])
            for name in (str(end), str(end.with_suffix(""))):
                if self._left[name] > 0:
                    self._left[name] -= 1
                    return True
        return False


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _shown(place: Path, folder: Path) -> str:
    return str(place.relative_to(folder)) if place.is_relative_to(folder) else str(place)
