"""TF Serving's model config file: read, begun, and written whole.

A running server reads it again every few seconds (``--model_config_file_poll_wait_seconds``) and keeps what it had
where it cannot follow.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

from trainer.errors import RunError, UsageError

FILE_NAME: Final = "models.config"
HEADER: Final = """\
# The models that TF Serving serves. cxr models edits this file and keeps the comments above the first setting.
# base_path is where the server finds the model's folder, in its container for instance, and must be absolute.
"""


def starter(name: str) -> ModelServerConfig:
    """The config to begin with: one model, of which the newest version is served."""
    config = ModelServerConfig()
    model = config.model_config_list.config.add(name=name, base_path=f"/models/{name}", model_platform="tensorflow")
    model.model_version_policy.latest.num_versions = 1
    return config


def read_config(file: Path) -> ModelServerConfig:
    """The config in a file.

    Raises:
        UsageError: It cannot be read, or the server would not take it.
    """
    try:
        config = text_format.Parse(file.read_text("utf-8"), ModelServerConfig())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(
            f"model config file '{file}' cannot be read ({reason}); name another with --model-config"
        ) from error
    except text_format.ParseError as error:
        raise UsageError(
            f"model config file '{file}' is no text form of TF Serving's ModelServerConfig ({error}); mend it by hand"
        ) from error
    return config


def write_config(file: Path, config: ModelServerConfig) -> None:
    """Puts the config into the file's place, whole or not at all, under the comments that the file begins with.

    Raises:
        RunError: The file cannot be written.
    """
    file = file.resolve()  # what a link points to is replaced, not the link
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        there = file.is_file()
        draft.write_text(
            (_head_of(file.read_text("utf-8")) if there else HEADER) + text_format.MessageToString(config), "utf-8"
        )
        if there:
            shutil.copymode(file, draft)
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(draft, file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RunError(
            f"model config file '{file}' cannot be written ({error.strerror}); make its folder writable"
        ) from error


def model_in(config: ModelServerConfig, name: str) -> ModelConfig:
    """A model of the config, to be read or edited.

    Raises:
        UsageError: The config does not name it.
    """
    models = config.model_config_list.config
    for model in models:
        if model.name == name:
            return model
    named = ", ".join(f"'{model.name}'" for model in models) or "none"
    raise UsageError(f"model '{name}' is not in the model config file, which names {named}; add it there by hand")


def _head_of(text: str) -> str:
    lines = text.splitlines(keepends=True)
    settings = next((at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    return "".join(lines[:settings])
