"""What a Beam worker does for one record file."""

import subprocess
import sys
from pathlib import Path

import tensorflow as tf

from components.manifest_gen.manifest import read_manifest, read_rejected
from components.xray_example_gen.shards import Shard
from components.xray_example_gen.write_shard import WriteShard, rejected_of_shard


def test_a_shard_becomes_one_record_file_and_one_list_of_rejected_films(manifest: object, tmp_path: Path) -> None:
    rows = read_manifest(Path(manifest.uri))[:5]  # type: ignore[attr-defined]
    Path(tmp_path, "gone.png").touch()
    shard = Shard("train", 2, 7, (*rows, type(rows[0])(**{**vars(rows[0]), "path": str(tmp_path / "gone.png")})))
    write_shard = WriteShard(str(tmp_path / "examples"), str(tmp_path / "rejected"), ["covid", "healthy"], 32)
    assert list(write_shard.process(shard)) == [5]
    file = tmp_path / "examples" / "Split-train" / "data_tfrecord-00002-of-00007"
    assert sum(1 for _ in tf.data.TFRecordDataset(str(file))) == 5
    rejected = read_rejected(rejected_of_shard(tmp_path / "rejected", shard))
    assert [(one.file, one.reason) for one in rejected] == [(rows[0].file, "changed")]


def test_a_worker_does_not_import_tfx() -> None:
    program = "import sys, components.xray_example_gen.write_shard; print('tfx' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"
