"""What a Beam worker does for a few films."""

import subprocess
import sys
from pathlib import Path

from components.manifest_gen.contents import read_contents
from components.manifest_gen.contents_file import read_contents_file
from components.manifest_gen.read_batch import Batch, ReadContents


def test_what_the_films_of_a_batch_hold_is_left_in_its_file(films: Path, tmp_path: Path) -> None:
    paths = sorted((films / "class-folders" / "covid").iterdir())[:2]
    batch = Batch(3, (*map(str, paths), str(tmp_path / "gone.png")))
    assert list(ReadContents(str(tmp_path)).process(batch)) == [3]
    left = list(read_contents_file(batch.file(str(tmp_path))))
    assert [one if isinstance(one, str) else one.sha256 for one in left] == [
        one if isinstance(one, str) else one.sha256 for one in read_contents([Path(path) for path in batch.paths])
    ]
    assert isinstance(left[2], str)


def test_a_worker_imports_neither_tfx_nor_tensorflow() -> None:
    program = "import sys, components.manifest_gen.read_batch; print({'tfx', 'tensorflow'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "set()"
