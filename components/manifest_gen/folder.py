"""What lies in a source's folder: found by pattern and ending, not opened, and never outside the folder."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path
from posixpath import normpath
from typing import Final, NoReturn

from components.manifest_gen.rows import Rejection
from components.manifest_gen.sources.base import SourceSettings
from trainer.errors import SourceError

#: What is decoded: JPEG, PNG, GIF, BMP, DICOM.
ENDINGS: Final = (".bmp", ".dcm", ".dicom", ".gif", ".jpeg", ".jpg", ".png")


@dataclass(frozen=True)
class File:
    """A file, or a link that is not followed, where a source looks for films.

    Attributes:
        name: Path inside the source's folder, with ``/``.
        below: Path inside the folder that the pattern means; for a pattern that means the file, its last part.
        pattern: The one of `SourceSettings.films` that found it.
        path: Absolute; the folders on the way are no links.
        home: Folder that a link may not lead out of.
    """

    name: str
    below: str
    pattern: str
    path: Path
    home: Path

    @property
    def leads_out(self) -> bool:
        """Whether it is a link that leads out of `home`. Nobody may open it then."""
        return self.path.is_symlink() and not Path(os.path.realpath(self.path)).is_relative_to(self.home)


@dataclass(frozen=True)
class Listed:
    """What a file comes to.

    Attributes:
        file: The file.
        film: Its path with links resolved, or why it cannot be a film.
    """

    file: File
    film: Path | Rejection


#: `File.name` -> the file, by name in order.
Listing = dict[str, Listed]


def list_films(source: SourceSettings, folder: Path, endings: tuple[str, ...] | None = ENDINGS) -> Listing:
    """Every file that a source's patterns mean, except its tables. A file that two patterns mean is listed once.

    Args:
        source: The source.
        folder: Its folder.
        endings: Of films, in lower case; None for films of any name.

    Raises:
        SourceError: A pattern that means nothing or no film, or a folder that may not be read.
    """
    tables = {Path(os.path.realpath(folder / table)) for table in source.tables}
    listing: Listing = {}
    empty = dict.fromkeys(source.films, True)
    for file in files_of(source, folder):
        if Path(os.path.realpath(file.path) if file.path.is_symlink() else file.path) in tables:
            continue
        empty[file.pattern] &= not _may_be_film(file, endings)
        if file.name not in listing:
            listing[file.name] = Listed(file, _film(file, source.name, endings))
    for pattern in (pattern for pattern in source.films if empty[pattern]):
        meant = "" if endings is None else f" ({', '.join(endings)})"
        raise SourceError(f"{folder / pattern} holds no film{meant}; check the path of source '{source.name}'")
    return dict(sorted(listing.items()))


def files_of(source: SourceSettings, folder: Path) -> Iterator[File]:
    """Every file that a source's patterns mean, tables too; hidden ones are left out, and no file is opened.

    A link to a folder is followed where a pattern spells its name: the user has put it there. Links that a wildcard
    matches and links in the folders below are handed out as they are.

    Raises:
        SourceError: A pattern that means nothing, or a folder that may not be read.
    """
    for pattern in source.films:
        found = False
        for path, spelled in _expanded(folder, normpath(pattern).split("/")):
            found = True
            name = path.relative_to(folder).as_posix()
            if path.is_dir() and (spelled or not path.is_symlink()):
                home = Path(os.path.realpath(path))  # unlike Path.resolve, takes loops of links as they are
                for inner in _walk(home):
                    below = inner.relative_to(home).as_posix()
                    yield File(normpath(f"{name}/{below}"), below, pattern, inner, home)
            else:
                home = Path(os.path.realpath(path.parent))
                yield File(name, path.name, pattern, home / path.name, home)
        if not found:
            raise SourceError(
                f"there is no folder or film {folder / pattern}; check data.root and the path of source '{source.name}'"
            )


def _expanded(parent: Path, parts: list[str]) -> Iterator[tuple[Path, bool]]:
    """The paths that a pattern means, and whether it spells the last name. No wildcard leads through a link."""
    head, *rest = parts
    spelled = not has_magic(head)
    if head == "**":
        for folder in _folders(parent):
            yield from _expanded(folder, rest or ["."])
        return
    for name in [head] if spelled else sorted(os.listdir(parent)):
        path = parent if name == "." else parent / name
        if not spelled and (not fnmatchcase(name, head) or name.startswith(".")):
            continue
        if not rest or (not spelled and path.is_symlink() and path.is_dir()):
            if os.path.lexists(path):
                yield path, spelled
        elif path.is_dir():
            yield from _expanded(path, rest)


def _walk(home: Path) -> Iterator[Path]:
    """Files and links to folders below a folder."""
    for parent, folders, files in os.walk(home, onerror=_refuse):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files + links) if not name.startswith("."))


def _folders(home: Path) -> Iterator[Path]:
    """A folder and all below it."""
    for parent, folders, _ in os.walk(home, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(parent)


def _may_be_film(file: File, endings: tuple[str, ...] | None) -> bool:
    return endings is None or file.path.suffix.lower() in endings


def _film(file: File, source: str, endings: tuple[str, ...] | None) -> Path | Rejection:
    def refused(reason: str, detail: str) -> Rejection:
        return Rejection(source, 0, file.name, reason, detail)

    if file.leads_out:
        return refused("outside_folder", "a link that leads out of the folder; copy what it leads to into the folder")
    if not _may_be_film(file, endings):
        detail = f"the name ends in none of {', '.join(endings or ())}; convert the film or move the file"
        return refused("not_a_film", detail)
    try:
        status = os.stat(file.path)
    except OSError as error:
        return refused("unreadable", f"{error.strerror}; restore the file")
    if not stat.S_ISREG(status.st_mode):
        return refused("not_a_film", "not a plain file; put the film itself in its place")
    if status.st_size == 0:
        return refused("empty_file", "0 bytes; fetch the film again")
    return Path(os.path.realpath(file.path)) if file.path.is_symlink() else file.path


def _refuse(error: OSError) -> NoReturn:
    raise SourceError(f"folder {error.filename} cannot be read ({error.strerror}); check its permissions") from error
