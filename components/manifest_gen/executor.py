"""Moves settings in and the manifest out, and lets Beam read the films; the work is in ``build.py``."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils

from components.manifest_gen.build import build_manifest
from components.manifest_gen.contents import Contents
from components.manifest_gen.contents_file import read_contents_file
from components.manifest_gen.key import key_from_environment
from components.manifest_gen.manifest import write_manifest
from components.manifest_gen.read_batch import Batch, ReadContents
from components.manifest_gen.settings import DataSettings, read_split

#: Films per call: enough calls for several workers, few enough files to gather.
FILMS_PER_CALL = 64


class Executor(base_beam_executor.BaseBeamExecutor):
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
        told = exec_properties["split_settings"]
        split = read_split(told) if told else None
        folder = Path(artifact_utils.get_single_uri(output_dict["manifest"]))
        # Workers on other machines see this folder, where they see any: TFX's own for temporary files is in the pod.
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            read = partial(self._read, temporary)
            manifest = build_manifest(data, split, key_from_environment(), Path(data.root or "."), read)
        write_manifest(manifest, folder)

    def _read(self, folder: str, paths: Sequence[Path]) -> list[Contents | str]:
        texts = [str(path) for path in paths]
        starts = range(0, len(texts), FILMS_PER_CALL)
        batches = [Batch(n, tuple(texts[start : start + FILMS_PER_CALL])) for n, start in enumerate(starts)]
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Films" >> beam.Create(batches)
                | "Spread" >> beam.Reshuffle()
                | "ReadContents" >> beam.ParDo(ReadContents(folder))
            )
        return [one for batch in batches for one in read_contents_file(batch.file(folder))]
