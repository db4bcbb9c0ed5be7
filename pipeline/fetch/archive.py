"""Unpacks an archive that nobody has looked into: plain files only, all of them below one folder, bounded in size."""

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from pipeline.progress import Progress, silent
from trainer.errors import RunError

MAX_FILES: Final = 500_000

#: What the readers of archives raise on bytes that are none.
_BROKEN: Final = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError),
    *(EOFError, ValueError, NotImplementedError, RuntimeError),
)


class BadArchive(RunError):
    """An archive that another try to unpack it would find as bad again."""


@dataclass(frozen=True)
class Unpacked:
    """What there was beside the files.

    Attributes:
        left_out: Names of links and devices, which are not unpacked: a collection of films needs none.
        comment: What the archive says of itself; from ``git archive`` the commit.
    """

    left_out: tuple[str, ...]
    comment: str


def unpack(archive: Path, folder: Path, *, max_bytes: int, progress: Progress = silent) -> Unpacked:
    """Unpacks a tar archive (also compressed by gzip, bzip2 or xz) or a zip archive.

    Symbolic links are not made, so that no later name can lead through one.

    Args:
        archive: The file.
        folder: New; on an error it may hold what was unpacked so far, and is the caller's to remove.
        max_bytes: Of all files together, by the sizes that the archive states; no more than that comes out of it.
        progress: Told the bytes that came out.

    Raises:
        BadArchive: Neither kind of archive, a damaged or encrypted one, a name that is absolute or climbs out, or more
            than ``max_bytes`` or `MAX_FILES`.
        RunError: A file cannot be written.
    """
    folder.mkdir()
    try:
        if zipfile.is_zipfile(archive):
            return _unpack_zip(archive, folder, _Budget(archive, max_bytes, progress))
        if tarfile.is_tarfile(archive):
            return _unpack_tar(archive, folder, _Budget(archive, max_bytes, progress))
    except _BROKEN as error:
        raise BadArchive(f"{archive} is damaged ({error}); fetch it again") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(
            f"{archive} cannot be unpacked into {folder} ({reason}); make room or name another --to"
        ) from error
    raise BadArchive(f"{archive} is neither a tar nor a zip archive; check where it comes from")


class _Budget:
    """Counts what comes out."""

    def __init__(self, archive: Path, max_bytes: int, progress: Progress) -> None:
        self._archive = archive
        self._max_bytes = max_bytes
        self._progress = progress
        self._files = 0
        self._bytes = 0

    def take(self, name: str, size: int) -> None:
        """Takes the next file into account, before a byte of it is written."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
            raise BadArchive(f"{self._archive} holds {name!r}, which leads out of its folder; nothing of it is kept")
        self._files += 1
        self._bytes += size
        if self._files > MAX_FILES:
            raise BadArchive(f"{self._archive} holds more than {MAX_FILES} files; nothing of it is kept")
        if self._bytes > self._max_bytes:
            raise BadArchive(
                f"{self._archive} unpacks to more than {self._max_bytes} bytes, the bound of this collection; "
                "nothing of it is kept"
            )
        self._progress("unpacking", self._bytes, None)


def _unpack_tar(archive: Path, folder: Path, budget: _Budget) -> Unpacked:
    left_out = []
    with tarfile.open(archive) as tar:
        unpacked = set()
        for member in tar:
            if member.isreg() or (member.islnk() and member.linkname in unpacked):
                budget.take(member.name, member.size)
                tar.extract(member, folder, filter="data")
                unpacked.add(member.name)
            elif not member.isdir():
                left_out.append(member.name)
        return Unpacked(tuple(left_out), str(tar.pax_headers.get("comment", "")))


def _unpack_zip(archive: Path, folder: Path, budget: _Budget) -> Unpacked:
    left_out = []
    with zipfile.ZipFile(archive) as zipped:
        for member in zipped.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                left_out.append(member.filename)
            elif not member.is_dir():
                budget.take(member.filename, member.file_size)
                zipped.extract(member, folder)
        return Unpacked(tuple(left_out), zipped.comment.decode("ascii", "replace"))
