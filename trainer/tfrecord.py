"""The records of a TFRecord file, each compared with its checksums.

tf.data reads them as well, but traces a function for every list of files and keeps a batch of them in memory that is
not in the processor's cache any more when it is parsed (docs/performance-tries.md).
"""

import gzip
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

import google_crc32c

from trainer.errors import RunError

#: Of a record: bytes of it and their masked CRC-32C; behind it stands the masked CRC-32C of its own bytes.
_HEAD: Final = struct.Struct("<QI")
_FOOT: Final = struct.Struct("<I")
_LENGTH: Final = 8
_MASK: Final = 0xA282EAD8


def read_records(file: str, compression_type: str = "") -> Iterator[bytes]:
    """Each record in turn.

    Source of the format: tensorflow/core/lib/io/record_writer.h.

    Args:
        file: path of a TFRecord file.
        compression_type: ``GZIP`` or empty.

    Raises:
        RunError: The file is cut off or does not unpack, or a checksum says that it is damaged.
        OSError: It cannot be read.
    """
    at = 0
    with _opened(file, compression_type) as opened:
        while head := opened.read(_HEAD.size):
            length, told = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, None)
            if told is not None and _masked_crc(head[:_LENGTH]) != told:
                raise _unreadable(file, at, "is damaged")
            record, foot = opened.read(length), opened.read(_FOOT.size)
            if len(foot) < _FOOT.size:
                raise _unreadable(file, at, "is cut off")
            if (_masked_crc(record),) != _FOOT.unpack(foot):
                raise _unreadable(file, at, "is damaged")
            yield record
            at += len(head) + length + len(foot)


def unpacked_bytes(file: str, compression_type: str = "") -> int:
    """Length of a file's content."""
    with _opened(file, compression_type) as opened:
        return opened.seek(0, os.SEEK_END)


@contextmanager
def _opened(file: str, compression_type: str) -> Iterator[BinaryIO]:
    try:
        with gzip.open(file) if compression_type == "GZIP" else open(file, "rb") as opened:
            yield cast(BinaryIO, opened)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _unreadable(file, 0, "does not unpack") from error


def _masked_crc(data: bytes) -> int:
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def _unreadable(file: str, at: int, how: str) -> RunError:
    return RunError(f"the record file {file} {how} at byte {at}; make the records again, in a run on another root")
