"""Which models are served from where, and which of their versions."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from tensorflow_serving.config.model_server_config_pb2 import MODEL_TYPE_UNSPECIFIED, TENSORFLOW, ModelServerConfig
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig as ModelConfigProto

from serving.model_config import read_config
from trainer.errors import UsageError

#: The one that there is, of the real server too.
PLATFORM: Final = "tensorflow"


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
    except (OSError, ValueError):  # a path with a zero byte in it
        return None
    return {int(name): folder / name for name in names}


def is_version(name: str) -> bool:
    """Whether a folder's name is a version: 64 bits, signed, and not negative."""
    return name.isascii() and name.isdigit() and int(name) < 1 << 63


class Source(Protocol):
    """Where the configuration comes from; it is asked again every second.

    Attributes:
        folder_of_models: see ``models_of``.
    """

    folder_of_models: Path | None

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

    folder_of_models: Path | None = None

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
        folder: see ``models_of``.
    """

    def __init__(self, file: Path, folder: Path | None = None) -> None:
        self._file = file
        self.folder_of_models = folder.absolute() if folder else None

    def read(self) -> dict[str, ModelConfig]:
        """The models that the file names.

        Raises:
            UsageError: It is missing, not such a file, or names what cannot be served.
        """
        config = read_config(self._file)
        try:
            return models_of(config, self.folder_of_models)
        except UsageError as error:
            raise UsageError(f"model config file '{self._file}': {error}; mend it by hand") from error


def models_of(
    config: ModelServerConfig, folder: Path | None = None, known: Collection[str] = ()
) -> dict[str, ModelConfig]:
    """The models that TF Serving's own configuration names.

    Args:
        config: from a file, or from a client.
        folder: where the models lie in place of each ``base_path``, which may be a container's: the model of
            ``/models/cxr`` is then looked for in ``folder/cxr``. None for where ``base_path`` says.
        known: models that there are, of which other words are used where the platform is another one.

    Raises:
        UsageError: What the real server refuses, in its words (its server_core.cc), and two things that would serve
            nothing: a model without a name, and specific versions without any.
    """
    models: dict[str, ModelConfig] = {}
    for one in config.model_config_list.config:
        if one.name in models:
            raise UsageError(f"Illegal to list model {one.name} multiple times in config list")
        models[one.name] = _model(one, folder)
        if (platform := _platform(one)) != PLATFORM:
            raise UsageError(
                f"Illegal to change a model's platform. For model {one.name} platform was {PLATFORM} and new platform "
                f"requested is {platform}"
                if one.name in known
                else f"Model {one.name} requests unsupported platform {platform}"
            )
    return models


def _model(config: ModelConfigProto, folder: Path | None) -> ModelConfig:
    base, policy = Path(config.base_path), config.model_version_policy
    if not base.is_absolute():
        raise UsageError(
            f"Expected model {config.name} to have an absolute path or URI; got base_path()={config.base_path}"
        )
    if not config.name:
        raise UsageError(f"the model of base_path '{base}' has no name; give it one")
    choice = policy.WhichOneof("policy_choice")
    if choice == "specific" and not policy.specific.versions:
        raise UsageError(f"model {config.name} serves specific versions, but names none; name at least one")
    return ModelConfig(
        name=config.name,
        folder=folder / base.name if folder else base,
        latest=None if choice == "all" else max(1, policy.latest.num_versions),
        specific=tuple(policy.specific.versions),
        labels=dict(config.version_labels),
    )


def _platform(config: ModelConfigProto) -> str:
    kind, platform = config.model_type, config.model_platform
    if kind == MODEL_TYPE_UNSPECIFIED:
        if not platform:
            raise UsageError(
                "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
                "ModelServerConfig::model_platform."
            )
        return str(platform)
    if platform:
        raise UsageError(
            "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform."
        )
    if kind != TENSORFLOW:
        raise UsageError(f"ModelServerConfig::model_type choice {kind} not supported.")
    return PLATFORM
