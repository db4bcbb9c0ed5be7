"""Which films go into which record file."""

from hypothesis import given
from hypothesis import strategies as st

from components.manifest_gen.rows import ManifestRow
from components.xray_example_gen.shards import plan_shards, splits_of
from trainer.features import SPLITS, UNUSED, fold_names


def row(number: int, split: str) -> ManifestRow:
    digest = f"{number:064x}"
    values = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    return ManifestRow(**{**values, "path": f"/{number}", "sha256": digest, "image_id": digest[-16:], "split": split})


rows = st.lists(st.sampled_from([*SPLITS, UNUSED]), max_size=60).map(
    lambda splits: [row(number, split) for number, split in enumerate(splits)]
)


@given(rows, st.integers(1, 20))
def test_every_used_film_is_in_exactly_one_shard_of_its_split(films: list[ManifestRow], size: int) -> None:
    shards = plan_shards(films, size)
    placed = [(film.path, shard.split) for shard in shards for film in shard.rows]
    assert sorted(placed) == sorted((film.path, film.split) for film in films if film.split != UNUSED)
    assert all(len(shard.rows) <= size for shard in shards)


@given(rows, st.randoms())
def test_the_order_of_the_rows_does_not_matter(films: list[ManifestRow], random: object) -> None:
    shuffled = list(films)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan_shards(films, 7) == plan_shards(shuffled, 7)


def test_a_split_without_films_has_one_empty_shard() -> None:
    shards = plan_shards([row(1, "train")])
    assert [(shard.split, len(shard.rows)) for shard in shards] == [("train", 1), ("eval", 0), ("test", 0)]


def test_files_are_named_as_tfx_looks_for_them() -> None:
    names = [shard.file_name for shard in plan_shards([row(1, "train"), row(2, "train")], 1) if shard.split == "train"]
    assert names == ["data_tfrecord-00000-of-00002", "data_tfrecord-00001-of-00002"]


def test_folds_stand_in_the_place_of_the_splits() -> None:
    rows = [row(number, f"fold{1 + number % 11}") for number in range(22)] + [row(99, UNUSED)]
    assert splits_of(rows) == fold_names(11)
    assert [(shard.split, len(shard.rows)) for shard in plan_shards(rows)] == [(name, 2) for name in fold_names(11)]
    assert splits_of([row(1, UNUSED)]) == SPLITS
