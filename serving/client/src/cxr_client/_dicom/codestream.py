# A copy of trainer/dicom/codestream.py, made by serving/client/copy_conversion.py: edit that one.
"""The size of a compressed picture as it states it itself.

Decoders make room for the size that they find there, whatever the DICOM header says of it.
"""

import struct
from typing import Final

_JP2: Final = b"\x00\x00\x00\x0cjP  "
_J2K: Final = b"\xff\x4f\xff\x51"
_JPEG: Final = b"\xff\xd8"
#: Frames that decode on their own: Huffman baseline, extended, progressive and lossless, arithmetic ones, JPEG-LS.
_STARTS_OF_FRAME: Final = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB, 0xF7))
#: What may stand before one: tables, restart intervals, comments, applications' own. No hierarchy of frames.
_SEGMENTS: Final = frozenset((0xC4, 0xCC, 0xDB, 0xDD, 0xF8, 0xFE, *range(0xE0, 0xF0)))


def bare(data: bytes) -> bytes:
    """A JPEG 2000 codestream without the file format around it, which DICOM forbids and some devices write."""
    return data[data.find(b"jp2c") + 4 :] if data.startswith(_JP2) and b"jp2c" in data else data


def size_of(data: bytes) -> tuple[int, int, int, int] | None:
    """Columns, rows, values per pixel and bits per value of a JPEG, JPEG-LS or JPEG 2000 codestream.

    None where the bytes are none, and for a JPEG 2000 whose values are not one per pixel.
    """
    try:
        return _size_of_j2k(data) if data.startswith(_J2K) else _size_of_jpeg(data)
    except (struct.error, IndexError):  # cut off
        return None


def _size_of_j2k(data: bytes) -> tuple[int, int, int, int] | None:
    # ISO/IEC 15444-1, A.5.1
    right, bottom, left, top = struct.unpack_from(">4I", data, 8)
    components, depth, across, down = struct.unpack_from(">H3B", data, 40)
    if (across, down) != (1, 1):
        return None
    return right - left, bottom - top, components, (depth & 0x7F) + 1


def _size_of_jpeg(data: bytes) -> tuple[int, int, int, int] | None:
    # ISO/IEC 10918-1, B.2.2
    if not data.startswith(_JPEG):
        return None
    place = len(_JPEG)
    while True:
        lead, marker, length = struct.unpack_from(">BBH", data, place)
        if lead == 0xFF and marker == 0xFF:  # fill bytes
            place += 1
        elif lead == 0xFF and marker in _STARTS_OF_FRAME:
            depth, rows, columns, components = struct.unpack_from(">BHHB", data, place + 4)
            return columns, rows, components, depth
        elif lead == 0xFF and marker in _SEGMENTS:
            place += 2 + length
        else:
            return None


def run_length(data: bytes) -> int:
    """Bytes that a frame of run lengths (PS3.5, annex G) unpacks to, over all its segments.

    Raises:
        struct.error: The frame is shorter than its header.
    """
    count, *offsets = struct.unpack_from("<16L", data)
    ends = [*offsets[1:count], len(data)]
    return sum(_run_length(data[start:end]) for start, end in zip(offsets[:count], ends, strict=False))


def _run_length(segment: bytes) -> int:
    unpacked = place = 0
    while place < len(segment):
        head = segment[place]
        if head < 128:
            unpacked += head + 1
            place += head + 2
        else:
            unpacked += 257 - head if head > 128 else 0
            place += 2 if head > 128 else 1
    return unpacked
