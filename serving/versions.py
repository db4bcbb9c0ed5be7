"""The pushed versions of a model: what each is, and whether a server could run it. No TensorFlow."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from serving.server.configuration import versions_in
from trainer.errors import RunError, UsageError
from trainer.servable import MODEL_JSON, SAVED_MODEL, ModelInfo

#: Without its variables a version loads, takes the place of the one before, and fails every request.
_NEEDED: Final = (SAVED_MODEL, "variables/variables.index", MODEL_JSON)
_SHARD: Final = re.compile(r"variables\.data-\d{5}-of-(\d{5})")


@dataclass(frozen=True)
class Version:
    """A version's folder.

    Attributes:
        fault: what keeps it from being served, in words; empty for a complete version.
        info: what ``model.json`` says; None where it cannot be read.
        pushed: when ``model.json`` was written, which the push does last.
        bytes: of all its files.
    """

    number: int
    folder: Path
    fault: str
    info: ModelInfo | None
    pushed: datetime | None
    bytes: int


def versions_of(model_folder: Path) -> list[Version]:
    """The versions of a model, oldest first; none where the folder is not there."""
    return [_version(number, folder) for number, folder in sorted((versions_in(model_folder) or {}).items())]


def models_in(folder: Path) -> dict[str, Path]:
    """Model's name -> its folder, of a serving folder, or of the model's folder itself.

    Raises:
        UsageError: There is no model.
    """
    if versions_in(folder):
        return {folder.resolve().name: folder}
    try:
        found = {entry.name: entry for entry in sorted(folder.iterdir()) if versions_in(entry)}
    except OSError as error:
        raise UsageError(
            f"models '{folder}' cannot be read ({error.strerror}); give the folder serving of a run"
        ) from error
    if not found:
        raise UsageError(f"models '{folder}' holds no model with a version; give the folder serving of a run")
    return found


def chosen_model(models: Mapping[str, Path], name: str | None) -> tuple[str, Path]:
    """The named model, or the only one.

    Raises:
        UsageError: There is no such model, or there are several and none is named.
    """
    names = ", ".join(models)
    if name is None and len(models) > 1:
        raise UsageError(f"there are several models ({names}); name one with --model")
    if name is not None and name not in models:
        raise UsageError(f"model '{name}' is not there; there are: {names}")
    chosen = name or next(iter(models))
    return chosen, models[chosen]


def _version(number: int, folder: Path) -> Version:
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    fault = f"{', '.join(missing)} missing" if missing else _emptiness(folder)
    info = None
    try:
        info = ModelInfo.read(folder)
    except (RunError, OSError, UnicodeDecodeError) as error:
        fault = fault or str(error)
    pushed = None
    if (folder / MODEL_JSON).is_file():
        pushed = datetime.fromtimestamp((folder / MODEL_JSON).stat().st_mtime, timezone.utc)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Version(number, folder, fault, info, pushed, size)


def _emptiness(folder: Path) -> str:
    """What is wrong with the sizes and the number of the files that a graph is loaded from, as far as names tell."""
    shards = {file: match for file in (folder / "variables").iterdir() if (match := _SHARD.fullmatch(file.name))}
    if not shards or any(int(match[1]) != len(shards) for match in shards.values()):
        return f"variables/variables.data-* missing: {len(shards)} there"
    files = [*(folder / name for name in _NEEDED), *sorted(shards)]
    empty = [str(file.relative_to(folder)) for file in files if not file.stat().st_size]
    return f"{', '.join(empty)} empty" if empty else ""
