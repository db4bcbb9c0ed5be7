"""Which models are served from where, and which of their versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tensorflow_serving.config.model_server_config_pb2 import ModelConfig as ModelConfigProto

from serving.model_config import read_config
from trainer.errors import UsageError


@dataclass(frozen=True)
class ModelConfig:
    """One model.

    Attributes:
        folder: the versions are folders in it.
        latest: how many of the newest versions are served; None for all.
        specific: the versions that are served, whatever ``latest`` says; empty for no such choice.
        labels: label -> version.
    """

    name: str
    folder: Path
    latest: int | None = 1
    specific: tuple[int, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)

    def aspired(self, versions: Iterable[int]) -> list[int]:
        """Those of the versions on disk that are to be served, newest first."""
        found = sorted(versions, reverse=True)
        if self.specific:
            return [version for version in found if version in self.specific]
        return found[: self.latest]


def versions_in(folder: Path) -> dict[int, Path] | None:
    """Version -> its folder; None where the model's folder is not there, or cannot be listed.

    As the real server counts them: only whole numbers that are written in digits, ``0000000008`` is version 8. Of two
    folders with the same number the last in their order counts.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir() if is_version(entry.name) and entry.is_dir())
    except OSError:
        return None
    return {int(name): folder / name for name in names}


def is_version(name: str) -> bool:
    """Whether a folder's name is a version: 64 bits, signed, and not negative."""
    return name.isascii() and name.isdigit() and int(name) < 1 << 63


class Source(Protocol):
    """Where the configuration comes from; it is asked again every second."""

    def read(self) -> dict[str, ModelConfig]:
        """Name -> model.

        Raises:
            UsageError: It cannot be read.
        """
        ...


class FolderSource:
    """The models of a folder: each folder in it, or the folder itself where versions lie in it.

    A model that was once there stays one: without any version, it is one of which none is served.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._known: dict[str, ModelConfig] = {}

    def read(self) -> dict[str, ModelConfig]:
        """The models that are there, and those that were."""
        for folder in self._models():
            self._known.setdefault(folder.name, ModelConfig(folder.name, folder))
        return dict(self._known)

    def _models(self) -> list[Path]:
        if self._folder.name in self._known or versions_in(self._folder):
            return [self._folder]
        try:
            return sorted(
                entry for entry in self._folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
            )
        except OSError:
            return []


class FileSource:
    """The models of TF Serving's model config file.

    Args:
        file: text form of ``ModelServerConfig``.
        folder: where the models lie in place of each ``base_path``, which may be a container's: the model of
            ``/models/cxr`` is then looked for in ``folder/cxr``.
    """

    def __init__(self, file: Path, folder: Path | None = None) -> None:
        self._file = file
        self._folder = folder.absolute() if folder else None

    def read(self) -> dict[str, ModelConfig]:
        """The models that the file names.

        Raises:
            UsageError: It is missing, not such a file, or names what cannot be served.
        """
        models = [self._model(config) for config in read_config(self._file).model_config_list.config]
        names = [model.name for model in models]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise UsageError(f"model config file '{self._file}' names {', '.join(doubled)} twice; each model once")
        return {model.name: model for model in models}

    def _model(self, config: ModelConfigProto) -> ModelConfig:
        where = f"model config file '{self._file}': model '{config.name}'"
        base = Path(config.base_path)
        if not config.name:
            raise UsageError(f"{where} has no name; give it one")
        if not base.is_absolute():
            raise UsageError(f"{where} has base_path '{config.base_path}'; it must be absolute")
        policy = config.model_version_policy
        choice = policy.WhichOneof("policy_choice")
        if choice == "specific" and not policy.specific.versions:
            raise UsageError(f"{where} serves specific versions, but names none; name at least one")
        return ModelConfig(
            name=config.name,
            folder=self._folder / base.name if self._folder else base,
            latest=None if choice == "all" else max(1, policy.latest.num_versions),
            specific=tuple(policy.specific.versions),
            labels=dict(config.version_labels),
        )
