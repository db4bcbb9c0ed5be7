"""Puts a finished version under the serving folder so that a watching TF Serving never sees half of it."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from trainer.errors import RunError

#: Dot-directories are no version to TF Serving, which counts only integer names.
STAGING_PREFIX: Final = ".staging-"
STATISTICS: Final = "statistics"  #: folder of a version with those of the data that it was trained on


def digest_of(folder: Path) -> str:
    """The sha256 over names and bytes of every file below a folder, as 64 hex digits."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        digest.update(b"\0")
    return digest.hexdigest()


def versions(model_folder: Path) -> list[Path]:
    """The version folders of a model, oldest first. TF Serving reads the same: integer names only."""
    if not model_folder.is_dir():
        return []
    found = [path for path in model_folder.iterdir() if path.is_dir() and path.name.isdecimal()]
    return sorted(found, key=lambda path: int(path.name))


def is_complete(version: Path) -> bool:
    """Whether a version folder holds what a server needs and what says what it is."""
    return all((version / name).exists() for name in ("saved_model.pb", "variables", "model.json"))


def publish(servable: Path, model_folder: Path, version: int, complete: Callable[[Path], None]) -> Path:
    """Copies a servable beside the served versions, completes it there, and renames it into place.

    Args:
        servable: Folder of the SavedModel.
        model_folder: ``serving/<model name>``; made where it is missing.
        version: Number of the version, raised above every version that is there: TF Serving serves the highest.
        complete: Called with the staged copy; writes what else belongs to the version.

    Returns:
        The folder of the new version.

    Raises:
        RunError: The folder cannot be written.
    """
    try:
        model_folder.mkdir(parents=True, exist_ok=True)
        for leftover in model_folder.glob(f"{STAGING_PREFIX}*"):  # of a push that was killed
            shutil.rmtree(leftover)
        existing = versions(model_folder)
        version = max(version, int(existing[-1].name) + 1 if existing else 1)
        staging = model_folder / f"{STAGING_PREFIX}{version}"
        shutil.copytree(servable, staging)
        complete(staging)
        _sync(staging)
        target = model_folder / str(version)
        os.rename(staging, target)  # same folder, so same file system: all or nothing
        _sync_directory(model_folder)
    except OSError as error:
        # copytree collects what went wrong, file by file, in an error that has no strerror.
        why = error.args[0][0][2] if isinstance(error, shutil.Error) else f"{error.strerror} ({error.filename})"
        raise RunError(
            f"the model cannot be pushed to {model_folder}: {why}; "
            "make room there, make the folder writable, or name another with --root"
        ) from error
    return target


def _sync(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            _sync_directory(path)
        else:
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
