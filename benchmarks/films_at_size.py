"""The same films twice at the network's size: as records, as the pipeline writes them, and as JPEG files in folders."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tensorflow as tf
from PIL import Image

from benchmarks.claim import Effort
from benchmarks.feature_cache import rows_of
from components.manifest_gen.rows import Rejection
from components.xray_example_gen.records import film_to_record
from components.xray_example_gen.shards import FILMS_PER_SHARD
from pipeline.sample.data_set import draw_data_set
from pipeline.settings import RunSettings, load_settings
from trainer.features import IMAGE
from trainer.input import Split

SEED: Final = 7
#: Drawn of each class: about 430 films in all, and about 70.
PATIENTS: Final = 145
QUICK_PATIENTS: Final = 24
#: Of the JPEG files.
QUALITY: Final = 95


@dataclass(frozen=True)
class Films:
    """Films in a folder of their own.

    Attributes:
        what: How they are called in a row, with their number.
        folder: Holds ``records/`` and ``jpegs/``, with a folder for each class.
        classes: Names of the classes.
        side: Of the images in pixels.
        count: How many.
    """

    what: str
    folder: Path
    classes: tuple[str, ...]
    side: int
    count: int

    @property
    def jpegs(self) -> Path:
        """Holds a folder of JPEG files for each class."""
        return self.folder / "jpegs"

    def split(self) -> Split:
        """All records, nothing of them read yet."""
        return Split((str(self.folder / "records" / "*"),), self.classes, self.side)


def films_at(effort: Effort, side: int, count: int, copies: int = 1) -> Iterator[Films]:
    """Drawn films and, where there are, real ones.

    Args:
        effort: Where they are kept, and where real ones are.
        side: Of the images in pixels.
        count: At most so many different films of each kind.
        copies: How often each of them is written.
    """
    yield _written(effort, "drawn", _drawn(effort), side, count, copies)
    if effort.real:
        settings = load_settings("covid_chestxray", None, [f"data.root={effort.real}"])
        yield _written(effort, "real", settings, side, count, copies)


def _drawn(effort: Effort) -> RunSettings:
    patients = QUICK_PATIENTS if effort.quick else PATIENTS
    folder = effort.scratch / f"films-of-{patients}-patients"
    if not folder.exists():
        draw_data_set(folder, patients=patients, seed=SEED)
    return load_settings("sample", None, [f"data.root={folder}"])


def _written(effort: Effort, kind: str, settings: RunSettings, side: int, count: int, copies: int) -> Films:
    folder = effort.scratch / f"{kind}-{count}-times-{copies}-at-{side}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=effort.scratch) as temporary:
            draft = Path(temporary, "films")
            _write(draft, settings, side, count, copies)
            draft.rename(folder)
    written = sum(1 for _ in (folder / "jpegs").rglob("*.jpg"))
    times = f", {copies} times each," if copies > 1 else ""
    return Films(f"{written // copies} {kind} films{times} at {side} px", folder, settings.data.classes, side, written)


def _write(folder: Path, settings: RunSettings, side: int, count: int, copies: int) -> None:
    classes = settings.data.classes
    records = []
    for row in rows_of(settings):
        record = film_to_record(row, classes, side)
        if not isinstance(record, Rejection):
            records.append((row.label, record))
        if len(records) == count:
            break
    (folder / "records").mkdir(parents=True)
    for name in classes:
        (folder / "jpegs" / name).mkdir(parents=True)
    for number, (label, record) in enumerate(records):
        image = Image.frombytes("L", (side, side), record.features.feature[IMAGE].bytes_list.value[0])
        for copy in range(copies):
            image.save(folder / "jpegs" / label / f"{number:05d}-{copy}.jpg", quality=QUALITY)
    written = [record.SerializeToString() for _, record in records] * copies
    for first in range(0, len(written), FILMS_PER_SHARD):
        with tf.io.TFRecordWriter(str(folder / "records" / f"data_tfrecord-{first:06d}")) as writer:
            for serialized in written[first : first + FILMS_PER_SHARD]:
                writer.write(serialized)
