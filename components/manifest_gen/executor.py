"""Moves settings in and the manifest out; the work is in ``manifest.py``."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.manifest_gen.key import key_from_environment
from components.manifest_gen.manifest import build_manifest, write_manifest
from components.manifest_gen.settings import DataSettings, SplitSettings


class Executor(base_executor.BaseExecutor):
    """Executor of ManifestGen."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads the sources and writes ``manifest.csv`` and ``rejected.csv``.

        Raises:
            SourceError: A source that cannot be read at all.
        """
        data = DataSettings.model_validate_json(exec_properties["data_settings"])
        split = SplitSettings.model_validate_json(exec_properties["split_settings"])
        manifest = build_manifest(data, split, key_from_environment(), Path(data.root or "."))
        write_manifest(manifest, Path(artifact_utils.get_single_uri(output_dict["manifest"])))
