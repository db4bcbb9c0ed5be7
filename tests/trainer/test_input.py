import shutil
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from trainer import input as records_input
from trainer.errors import RunError
from trainer.input import ALIGNMENT, CHUNK, Split, _aligned, one_hot

CLASSES = ("covid", "healthy")
#: What tf.data may do with films, which are in memory by then: shuffle, batch, prefetch.
ON_FILMS = {
    "TensorSliceDataset": "the films",
    "ShuffleDatasetV3": "shuffle",
    "BatchDatasetV2": "batch",
    "PrefetchDataset": "prefetch",
    "OptionsDataset": "how many threads",
}
#: What every graph is made of.
PLUMBING = {"Const", "Identity", "NoOp", "Placeholder", "_Arg", "_Retval"}


@pytest.fixture
def split(records) -> Split:
    return Split(tuple(records.train), CLASSES, 32)


def _labels(batches: tf.data.Dataset) -> list[int]:
    return [int(row.argmax()) for _, labels in batches.as_numpy_iterator() for row in labels]


def _images(batches: tf.data.Dataset) -> np.ndarray:
    return np.concatenate([images for images, _ in batches.as_numpy_iterator()])


def test_batches_hold_the_drawn_films_in_the_order_of_the_files(split, draw_film):
    batches = list(split.batches(10).as_numpy_iterator())
    assert [images.shape for images, _ in batches] == [(10, 32, 32, 1), (10, 32, 32, 1), (4, 32, 32, 1)]
    assert batches[0][0].dtype == np.uint8
    assert batches[0][1].dtype == np.float32
    drawn = [draw_film(first + index, index % 2) for first in (0, 100) for index in range(12)]
    np.testing.assert_array_equal(_images(split.batches(10))[..., 0], drawn)
    assert _labels(split.batches(10)) == [0, 1] * 12


def test_shuffling_moves_films_and_their_labels_together_and_loses_none(split):
    in_order = {image.tobytes(): label for image, label in zip(_images(split.batches(8)), [0, 1] * 12, strict=True)}
    shuffled = split.batches(8, shuffle_seed=1)
    moved = [in_order[image.tobytes()] for image in _images(shuffled)]
    assert len(moved) == 24
    assert moved == _labels(shuffled)
    assert moved != [0, 1] * 12


def test_the_seed_alone_decides_the_order(split, records):
    again = Split(tuple(records.train), CLASSES, 32)
    one, same, other = (
        split.batches(8, shuffle_seed=1),
        again.batches(8, shuffle_seed=1),
        split.batches(8, shuffle_seed=2),
    )
    np.testing.assert_array_equal(_images(one), _images(same))
    np.testing.assert_array_equal(_images(one), _images(one))
    assert (_images(one) != _images(other)).any()


def test_labels_and_patients_come_in_the_order_of_the_films(split):
    assert len(split) == 24
    assert split.labels.tolist() == [0, 1] * 12
    assert split.patients[:6].tolist() == ["p0", "p1", "p0", "p1", "p2", "p3"]


@pytest.mark.parametrize("name, compression, told", [("a.gz", "GZIP", None), ("a", "", None), ("a", "GZIP", "GZIP")])
def test_compressed_and_plain_records_are_read(write_records, tmp_path, name, compression, told):
    write_records(tmp_path / name, 4, 0, compression)
    assert len(Split((str(tmp_path / "*"),), CLASSES, 32, told)) == 4


def test_no_file_is_a_clear_error(tmp_path):
    with pytest.raises(RunError, match=r"no record file matches .*none"):
        len(Split((str(tmp_path / "none*"),), CLASSES, 32))


def test_no_film_is_a_clear_error(write_records, tmp_path):
    write_records(tmp_path / "empty.gz", 0, 0)
    with pytest.raises(RunError, match=r"no film in .*empty.gz"):
        len(Split((str(tmp_path / "empty.gz"),), CLASSES, 32))


def test_images_of_another_size_are_named(records):
    with pytest.raises(RunError, match=r"1024 pixels .* is not 64 x 64"):
        len(Split(tuple(records.train), CLASSES, 64))


def test_a_record_that_lacks_a_feature_is_named(to_example, tmp_path):
    whole = tf.train.Example.FromString(to_example(np.zeros((32, 32), np.uint8), 0, "p"))
    del whole.features.feature["patient_id"]
    with tf.io.TFRecordWriter(str(tmp_path / "a")) as writer:
        writer.write(whole.SerializeToString())
    with pytest.raises(
        RunError, match=r"a record in .*/a lacks one of image, label, patient_id; make the records again"
    ):
        len(Split((str(tmp_path / "a"),), CLASSES, 32))


def test_a_label_outside_the_classes_is_named(to_example, tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a")) as writer:
        writer.write(to_example(np.zeros((32, 32), np.uint8), 2, "p"))
    with pytest.raises(RunError, match=r"labels run from 2 to 2 .* 2 classes \(covid, healthy\)"):
        len(Split((str(tmp_path / "a"),), CLASSES, 32))


def test_one_hot_rows_stand_for_labels():
    assert one_hot([1, 0], 3).tolist() == [[0, 1, 0], [1, 0, 0]]


def _operations(dataset: tf.data.Dataset) -> set[str]:
    """The ops of a data set and of the functions that it maps, without what every graph is made of."""
    graph = tf.compat.v1.GraphDef.FromString(dataset._as_serialized_graph().numpy())
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return {node.op for node in nodes} - PLUMBING


def test_tf_data_shuffles_and_batches_and_does_nothing_else_to_films(split):
    for batches in (split.batches(8), split.batches(8, shuffle_seed=1)):
        operations = _operations(batches)
        assert {"TensorSliceDataset", "BatchDatasetV2"} <= operations, "the walk sees what is done"
        assert operations - set(ON_FILMS) == set()


def test_an_epoch_maps_no_function_which_would_be_traced_anew_each_time(split):
    graph = tf.compat.v1.GraphDef.FromString(split.batches(8, shuffle_seed=1)._as_serialized_graph().numpy())
    assert not graph.library.function


def test_films_are_read_once(split, records, monkeypatch):
    len(split)
    monkeypatch.setattr("trainer.input.read_records", None)
    assert len(_images(split.batches(8))) == 24


def test_films_lie_where_tensorflow_takes_them_without_a_copy(records, monkeypatch):
    made = []

    def aligned(count, length):
        made.append(_aligned(count, length))
        return made[0]

    monkeypatch.setattr("trainer.input._aligned", aligned)
    (image, _), *_ = Split(tuple(records.train), CLASSES, 32)._in_order
    assert made[0].ctypes.data % ALIGNMENT == 0
    made[0][0] = 255 - made[0][0]
    assert image.numpy().tobytes() == made[0][0].tobytes()


def test_more_films_than_are_parsed_at_once_keep_their_order(write_records, tmp_path, draw_film):
    write_records(tmp_path / "many", CHUNK + 3, 0, "")
    split = Split((str(tmp_path / "many"),), CLASSES, 32)
    drawn = [draw_film(index, index % 2) for index in range(CHUNK + 3)]
    np.testing.assert_array_equal(_images(split.batches(8))[..., 0], drawn)
    assert split.patients[-1] == f"p{(CHUNK + 2) // 4 * 2 + (CHUNK + 2) % 2}"


def test_plain_and_compressed_files_of_one_split_keep_their_order(write_records, tmp_path, draw_film):
    for first, (name, compression) in enumerate([("a", ""), ("b.gz", "GZIP"), ("c.gz", "GZIP"), ("d", "")]):
        write_records(tmp_path / name, 2, 10 * first, compression)
    images = _images(Split((str(tmp_path / "*"),), CLASSES, 32).batches(3))
    drawn = [draw_film(10 * first + index, index % 2) for first in range(4) for index in range(2)]
    np.testing.assert_array_equal(images[..., 0], drawn)


def test_a_change_to_films_in_tf_data_would_be_seen(split):
    flipped = split.batches(8).map(lambda images, labels: (tf.image.random_flip_left_right(images), labels))
    assert {"RandomUniform", "ReverseV2"} <= _operations(flipped) - set(ON_FILMS)


@pytest.fixture
def numbered(to_example, tmp_path) -> Callable[[int], Split]:
    """Makes a split of 24 films of a side in pixels, each of one grey of its own, with alternating labels."""

    def make(side: int) -> Split:
        with tf.io.TFRecordWriter(str(tmp_path / f"films_{side}")) as writer:
            for index in range(24):
                writer.write(to_example(np.full((side, side), index, np.uint8), index % 2, "p"))
        return Split((str(tmp_path / f"films_{side}"),), CLASSES, side)

    return make


def test_films_whose_rows_do_not_lie_aligned_are_shuffled_by_number_into_the_same_order(numbered):
    aligned, odd = numbered(32), numbered(33)
    for seed in (1, 2):
        expected, batches = (split.batches(10, shuffle_seed=seed) for split in (aligned, odd))
        images = _images(batches)
        assert (images.dtype, images.shape) == (np.uint8, (24, 33, 33, 1))
        assert (images == images[:, :1, :1]).all()
        assert images[:, 0, 0, 0].tolist() == _images(expected)[:, 0, 0, 0].tolist()
        assert _labels(batches) == _labels(expected) == (images[:, 0, 0, 0] % 2).tolist()
        assert [spec.dtype for spec in batches.element_spec] == [spec.dtype for spec in expected.element_spec]
        assert batches.element_spec[0].shape.as_list() == [None, 33, 33, 1]
    assert "TensorSliceDataset" not in _operations(batches), "it would hold copies of them all"
    optimized = batches.options().experimental_optimization.apply_default_optimizations
    assert optimized is False, "to be rewritten, all films would be written into a graph at every epoch"
    assert _images(odd.batches(10))[:, 0, 0, 0].tolist() == list(range(24))


def test_films_that_are_read_in_many_chunks_stay_in_order(numbered, monkeypatch):
    monkeypatch.setattr(records_input, "CHUNK", 5)
    assert _images(numbered(33).batches(10))[:, 5, 5, 0].tolist() == list(range(24))


def test_the_fingerprint_is_that_of_the_content_of_all_files(write_records, tmp_path):
    def fingerprint(folder: str, *first_seeds: int) -> str:
        for number, first_seed in enumerate(first_seeds):
            write_records(tmp_path / folder / f"{number}.gz", 2, first_seed)
        return Split((str(tmp_path / folder / "*"),), CLASSES, 32).fingerprint

    before = fingerprint("a", 0, 10)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert fingerprint("b") == before
    assert len({before, fingerprint("a", 0, 20), fingerprint("a", 30, 10), fingerprint("c", 0)}) == 4
