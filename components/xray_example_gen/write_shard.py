"""What a Beam worker does for one record file. Apart from the executor, so that a worker does not import TFX."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam
import tensorflow as tf

from components.manifest_gen.manifest import write_rejected
from components.manifest_gen.rows import Rejection
from components.xray_example_gen.records import film_to_record
from components.xray_example_gen.shards import Shard


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
        rejected_folder = rejected_of_shard(Path(self._rejected_uri), shard)
        rejected_folder.mkdir(parents=True, exist_ok=True)
        write_rejected(rejected, rejected_folder)
        yield len(shard.rows) - len(rejected)


def rejected_of_shard(folder: Path, shard: Shard) -> Path:
    """Where, under the artifact of all rejected films, those of one shard are listed."""
    return folder / "shards" / shard.split / shard.file_name
