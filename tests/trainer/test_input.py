import numpy as np
import pytest
import tensorflow as tf

from trainer.errors import RunError
from trainer.input import Split, one_hot

CLASSES = ("covid", "healthy")


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


def test_a_label_outside_the_classes_is_named(to_example, tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a")) as writer:
        writer.write(to_example(np.zeros((32, 32), np.uint8), 2, "p"))
    with pytest.raises(RunError, match=r"labels run from 2 to 2 .* 2 classes \(covid, healthy\)"):
        len(Split((str(tmp_path / "a"),), CLASSES, 32))


def test_one_hot_rows_stand_for_labels():
    assert one_hot([1, 0], 3).tolist() == [[0, 1, 0], [1, 0, 0]]
