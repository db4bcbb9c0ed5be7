"""Checksums of a folder, in the format that ``sha256sum -c`` reads."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.manifest_gen.manifest import sha256_of
from pipeline.progress import Progress, silent
from trainer.errors import RunError

#: A backslash at the front says that the name is escaped; a star before the name, that the file was read as binary.
_LINE: Final = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)", re.S)
_ESCAPES: Final = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}


@dataclass(frozen=True)
class Damage:
    """Files that are not what they were, by name.

    Attributes:
        missing: Not there any more.
        changed: With other bytes, or not readable.
    """

    missing: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(sorted((*self.missing, *self.changed)))


def sums_of(folder: Path, progress: Progress = silent) -> dict[str, str]:
    """Name below the folder, with ``/`` -> 64 hex digits, for every file in it; by name in order."""
    files = sorted(_files(folder))
    sums = {}
    for done, name in enumerate(files, start=1):
        sums[name] = sha256_of(folder / name)
        progress("checksums", done, len(files))
    return sums


def damage_of(folder: Path, sums: Mapping[str, str], progress: Progress = silent) -> Damage:
    """Reads every file again and compares. Files without a checksum are nobody's business."""
    missing, changed = [], []
    for done, (name, expected) in enumerate(sums.items(), start=1):
        try:
            if sha256_of(folder / name) != expected:
                changed.append(name)
        except FileNotFoundError:
            missing.append(name)
        except OSError:
            changed.append(name)
        progress("verifying", done, len(sums))
    return Damage(tuple(missing), tuple(changed))


def write_sums(file: Path, folder: str, sums: Mapping[str, str]) -> None:
    """Writes the list, by rename. ``folder`` stands before every name, so that the list works from beside it."""
    lines = [_line(f"{folder}/{name}", digest) for name, digest in sums.items()]
    draft = file.with_name(f".{file.name}.tmp")
    draft.write_bytes(b"".join(lines))
    draft.replace(file)


def read_sums(file: Path, folder: str) -> dict[str, str]:
    """What `write_sums` has written, without the folder before the names.

    Raises:
        RunError: The list cannot be read, or a line of it is none, or names a file outside of the folder.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise RunError(f"{file} cannot be read ({error.strerror}); check its permissions") from error
    sums = {}
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        found = _LINE.fullmatch(line)
        name = os.fsdecode(_unescaped(found[3]) if found[1] else found[3]) if found else ""
        below = name.removeprefix(f"{folder}/")
        if found is None or below == name or not below or ".." in below.split("/"):
            raise RunError(f"line {number} of {file} is no checksum of a file in {folder}; fetch with another --to")
        sums[below] = found[2].decode()
    return sums


def _files(folder: Path) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name).relative_to(folder).as_posix()


def _line(name: str, digest: str) -> bytes:
    raw = os.fsencode(name)
    escaped = re.sub(rb"[\\\n\r]", lambda found: _ESCAPES[found[0]], raw)
    return (b"\\" if escaped != raw else b"") + digest.encode() + b"  " + escaped + b"\n"


def _unescaped(name: bytes) -> bytes:
    back = {escaped[1:]: raw for raw, escaped in _ESCAPES.items()}
    return re.sub(rb"\\([\\nr])", lambda found: back[found[1]], name)
