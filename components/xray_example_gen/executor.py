"""Moves the manifest in and records out, and lets Beam write them; the work is in ``write_shard.py``."""

import json
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.manifest_gen.manifest import read_manifest, read_rejected, write_rejected
from components.xray_example_gen.shards import plan_shards, splits_of
from components.xray_example_gen.write_shard import WriteShard, rejected_of_shard


class Executor(base_beam_executor.BaseBeamExecutor):
    """Executor of XrayExampleGen."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes ``Split-train``, ``Split-eval``, ``Split-test``, or a split for each fold, and ``rejected.csv``."""
        rows = read_manifest(Path(artifact_utils.get_single_uri(input_dict["manifest"])))
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.split_names = artifact_utils.encode_split_names(list(splits_of(rows)))
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
            rejection for shard in shards for rejection in read_rejected(rejected_of_shard(rejected_folder, shard))
        ]
        write_rejected(rejected, rejected_folder)
