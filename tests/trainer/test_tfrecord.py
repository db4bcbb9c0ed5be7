"""TFRecord files as TensorFlow writes them, whole and not."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.errors import RunError
from trainer.tfrecord import read_records, unpacked_bytes

RECORDS = [b"one", b"", bytes(range(256)) * 40]


@pytest.fixture
def file(tmp_path):
    return written(tmp_path / "films", RECORDS)


def written(place, records, compression=""):
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(place), compression) as writer:
        for record in records:
            writer.write(record)
    return place


def test_records_come_as_tensorflow_wrote_them(file):
    assert list(read_records(str(file))) == RECORDS
    assert unpacked_bytes(str(file)) == file.stat().st_size == sum(map(len, RECORDS)) + 16 * len(RECORDS)


def test_compressed_records_come_as_tensorflow_wrote_them(tmp_path):
    file = written(tmp_path / "films", RECORDS, "GZIP")
    assert list(read_records(str(file), "GZIP")) == RECORDS
    assert unpacked_bytes(str(file), "GZIP") == len(gzip.decompress(file.read_bytes()))


def test_a_file_without_records(tmp_path):
    (tmp_path / "none").touch()
    assert list(read_records(str(tmp_path / "none"))) == []


@given(place=st.integers(0, sum(map(len, RECORDS)) + 16 * len(RECORDS) - 1), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_one_bit_that_has_flipped_is_found(place, bit, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    damaged = bytearray(written(folder / "flipped", RECORDS).read_bytes())
    damaged[place] ^= 1 << bit
    (folder / "flipped").write_bytes(damaged)
    with pytest.raises(RunError, match=r"the record file .*flipped is damaged at byte \d+; make the records again"):
        list(read_records(str(folder / "flipped")))


@given(kept=st.integers(1, sum(map(len, RECORDS)) + 16 * len(RECORDS) - 1))
@settings(max_examples=60, deadline=None)
def test_a_file_that_ends_early_gives_whole_records_and_then_says_so(kept, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    whole = written(folder / "cut", RECORDS).read_bytes()
    (folder / "cut").write_bytes(whole[:kept])
    ends = [16 + len(RECORDS[0]), 32 + len(RECORDS[0])]
    reading, count = read_records(str(folder / "cut")), sum(end <= kept for end in ends)
    assert [next(reading) for _ in range(count)] == RECORDS[:count]
    if kept in ends:
        assert list(reading) == []
    else:
        with pytest.raises(RunError, match=rf"cut is cut off at byte {[0, *ends][count]}"):
            next(reading)


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: b"PK" + whole[2:]])
def test_a_compressed_file_that_does_not_unpack(damage, tmp_path):
    file = written(tmp_path / "packed", RECORDS, "GZIP")
    file.write_bytes(damage(file.read_bytes()))
    for ask in (lambda: list(read_records(str(file), "GZIP")), lambda: unpacked_bytes(str(file), "GZIP")):
        with pytest.raises(RunError, match=r"the record file .*packed does not unpack"):
            ask()
