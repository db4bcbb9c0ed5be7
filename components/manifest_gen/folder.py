"""What lies in a folder of films: found by ending, not opened, and never outside the folder."""

import os
import posixpath
import stat
from collections.abc import Container
from pathlib import Path
from typing import Final, NoReturn

from components.manifest_gen.rows import Rejection
from trainer.errors import SourceError

#: What the served graph decodes: JPEG, PNG, GIF, BMP.
ENDINGS: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png")

#: Name inside the folder, with ``/`` -> the film's path, or why it cannot be one.
Listing = dict[str, Path | Rejection]


def list_films(folder: Path, source: str, *, prefix: str = "", ignored: Path | None = None) -> Listing:
    """Every file below a folder, by name in order; hidden files and the metadata file (`ignored`) are left out.

    Links are followed to files within the folder only. Links to folders are listed, not followed.

    Args:
        folder: Where to look.
        source: Name of the source, for rejections.
        prefix: Put before names in rejections.
        ignored: A file that is no film and is known to be there.

    Raises:
        SourceError: No such folder, one that may not be read, or not a single file with a film's ending.
    """
    home = Path(os.path.realpath(folder))  # unlike Path.resolve, takes loops of links as they are
    if not home.is_dir():
        raise SourceError(f"there is no folder {folder}; check data.root and the path of source '{source}'")
    ignored = ignored and Path(os.path.realpath(ignored))
    listing: Listing = {}
    for parent, folders, files in os.walk(home, onerror=_refuse):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files + links):
            path = Path(parent, file)
            if not file.startswith(".") and path != ignored:
                name = path.relative_to(home).as_posix()
                flaw = _flaw(path, home)
                listing[name] = Rejection(source, 0, prefix + name, *flaw) if flaw else Path(os.path.realpath(path))
    if not any(name.lower().endswith(ENDINGS) for name in listing):
        raise SourceError(f"folder {folder} holds no film ({', '.join(ENDINGS)}); check the path of source '{source}'")
    return listing


def find(listing: Container[str], name: str) -> str | None:
    """The key under which a name from the metadata stands, or None. Names without an ending are completed.

    Only the listing is asked, so no name in a metadata file ever reaches the file system.
    """
    name = posixpath.normpath(name)
    if name in listing:
        return name
    whole = [name + ending for ending in (*ENDINGS, *map(str.upper, ENDINGS)) if name + ending in listing]
    return whole[0] if len(whole) == 1 else None


def leads_out(name: str) -> bool:
    """Whether a name from the metadata is absolute or climbs out of the folder, by either kind of slash."""
    name = posixpath.normpath(name.replace("\\", "/"))
    return name == ".." or name.startswith(("../", "/"))


def _flaw(path: Path, home: Path) -> tuple[str, str] | None:
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(home):
        return "outside_folder", "a link that leads out of the folder; copy the film into it"
    if path.suffix.lower() not in ENDINGS:
        return "not_a_film", f"the name ends in none of {', '.join(ENDINGS)}; convert the film or move the file"
    try:
        status = os.stat(real)
    except OSError as error:
        return "unreadable", f"{error.strerror}; restore the file"
    if not stat.S_ISREG(status.st_mode):
        return "not_a_film", "not a plain file; put the film itself in its place"
    if status.st_size == 0:
        return "empty_file", "0 bytes; fetch the film again"
    return None


def _refuse(error: OSError) -> NoReturn:
    raise SourceError(f"folder {error.filename} cannot be read ({error.strerror}); check its permissions") from error
