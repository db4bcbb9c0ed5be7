"""Beam over shards: one DoFn call reads, checks, decodes, resizes and writes the films of one record file."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.manifest_gen.manifest import read_manifest, read_rejected, write_rejected
from components.manifest_gen.rows import Rejection
from components.xray_example_gen.records import film_to_record
from components.xray_example_gen.shards import Shard, plan_shards
from trainer.features import SPLITS


class WriteShard(beam.DoFn):
    """Writes the record file of one shard, film by film, and a list of those that it rejects.

    Beam's own record sink would hold every record in memory until the whole bundle is done.
    """

    def __init__(self, examples_uri: str, rejected_uri: str, classes: Sequence[str], image_size: int) -> None:
        super().__init__()
        self._examples_uri = examples_uri
        self._rejected_uri = rejected_uri
        self._classes = tuple(classes)
        self._image_size = image_size

    def process(self, shard: Shard) -> Iterator[int]:
        """Yields the number of records written."""
        folder = Path(self._examples_uri, f"Split-{shard.split}")
        folder.mkdir(parents=True, exist_ok=True)
        rejected: list[Rejection] = []
        with tf.io.TFRecordWriter(str(folder / shard.file_name)) as writer:
            for row in shard.rows:
                record = film_to_record(row, self._classes, self._image_size)
                if isinstance(record, Rejection):
                    rejected.append(record)
                else:
                    writer.write(record.SerializeToString(deterministic=True))
        rejected_folder = _rejected_of_shard(Path(self._rejected_uri), shard)
        rejected_folder.mkdir(parents=True, exist_ok=True)
        write_rejected(rejected, rejected_folder)
        yield len(shard.rows) - len(rejected)


class Executor(base_beam_executor.BaseBeamExecutor):
    """Executor of XrayExampleGen."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``Split-train``, ``Split-eval``, ``Split-test`` and ``rejected.csv``."""
        rows = read_manifest(Path(artifact_utils.get_single_uri(input_dict["manifest"])))
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        rejected_folder = Path(artifact_utils.get_single_uri(output_dict["rejected"]))
        write_shard = WriteShard(
            examples.uri, str(rejected_folder), json.loads(exec_properties["classes"]), exec_properties["image_size"]
        )
        shards = plan_shards(rows)
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Shards" >> beam.Create(shards)
                | "Spread" >> beam.Reshuffle()
                | "WriteShard" >> beam.ParDo(write_shard)
            )
        rejected = [
            rejection for shard in shards for rejection in read_rejected(_rejected_of_shard(rejected_folder, shard))
        ]
        write_rejected(rejected, rejected_folder)


def _rejected_of_shard(folder: Path, shard: Shard) -> Path:
    return folder / "shards" / shard.split / shard.file_name
