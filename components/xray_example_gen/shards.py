"""Which films go into which record file."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from components.manifest_gen.manifest import ManifestRow
from trainer.features import SPLITS, UNUSED, fold_names

#: Films per record file: enough files for several workers, few enough to open quickly (6 MB at 224 px).
FILMS_PER_SHARD: Final = 128


@dataclass(frozen=True)
class Shard:
    """The films of one record file, and its place among the files of its split."""

    split: str
    index: int
    count: int
    rows: tuple[ManifestRow, ...]

    @property
    def file_name(self) -> str:
        """As Beam's sinks name shards, which is what TFX's readers look for."""
        return f"data_tfrecord-{self.index:05d}-of-{self.count:05d}"


def splits_of(rows: Iterable[ManifestRow]) -> tuple[str, ...]:
    """Train, eval and test, with or without films; of a cross-validation its folds."""
    folds = {row.split for row in rows} - {*SPLITS, UNUSED}
    return fold_names(len(folds)) if folds else SPLITS


def plan_shards(rows: Iterable[ManifestRow], films_per_shard: int = FILMS_PER_SHARD) -> list[Shard]:
    """Deals the films of every split into shards, in the order of their image ids.

    An image id is a hash, so the order mixes classes and sources and does not depend on the order of the rows.
    A split without films gets one empty shard: the components behind must be able to say that it is empty.
    """
    rows = list(rows)
    by_split: dict[str, list[ManifestRow]] = {split: [] for split in splits_of(rows)}
    for row in rows:
        if row.split in by_split:
            by_split[row.split].append(row)
    shards = []
    for split, films in by_split.items():
        films.sort(key=lambda row: (row.image_id, row.path))
        count = max(1, math.ceil(len(films) / films_per_shard))
        shards += [Shard(split, index, count, tuple(films[index::count])) for index in range(count)]
    return shards
