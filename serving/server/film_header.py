"""The size of a film from its header, before a decoder asks for the memory. No TensorFlow.

Read as the decoders behind the served graph read it, and not with Pillow: Pillow refuses files that they take, so that
a bomb would only need a fault that Pillow minds. What has no size here has none for the decoders either.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

#: JPEG markers that carry the size: start of frame, all processes; C4, C8 and CC are tables.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: JPEG markers without a length: TEM, RST0..7, SOI.
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN: Final = 0xDA
#: By which the decoders know a format.
_STARTS: Final = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"))
#: How the header of a scan begins; libjpeg refuses one whose length takes the upper byte.
_SCAN: Final = b"\xff\xda\x00"


class FilmSize(NamedTuple):
    """Sides in pixels, and how many pixels are decoded: more than one frame's for an animated GIF."""

    width: int
    height: int
    decoded: int


def film_size(data: bytes) -> FilmSize | None:
    """The size of a JPEG, PNG, GIF or BMP; None for anything else, and where the header ends too early."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _of(*struct.unpack_from(">II", data, 16))  # IHDR comes first, or the decoder refuses
        if data.startswith(b"GIF8"):
            return _gif(data)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return _of(abs(width), abs(height))  # rows from the top have a negative height
    except (struct.error, IndexError):
        return None
    return None


def film_format(data: bytes) -> str:
    """``JPEG``, ``PNG``, ``GIF`` or ``BMP``; empty for anything else."""
    return next((name for start, name in _STARTS if data.startswith(start)), "")


def scans(data: bytes) -> int:
    """How many scans a JPEG has, those of thumbnails included; 0 for other formats.

    Of a progressive one each is decoded over all pixels.
    """
    return data.count(_SCAN) if data.startswith(b"\xff\xd8\xff") else 0


def _of(width: int, height: int) -> FilmSize:
    return FilmSize(width, height, width * height)


def _jpeg(data: bytes) -> FilmSize | None:
    place = 2
    while True:
        place = data.find(b"\xff", place)  # libjpeg skips what is no marker
        if place < 0:
            return None
        marker, place = data[place + 1], place + 1
        if marker in (0x00, 0xFF) or marker in _BARE:
            continue
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 4)
            return _of(width, height)
        if marker == _START_OF_SCAN:
            return None
        place += 1 + struct.unpack_from(">H", data, place + 1)[0]


def _gif(data: bytes) -> FilmSize:
    """The decoder unpacks every frame, onto a canvas as wide as the widest and as high as the highest.

    The screen is no part of that, but other readers of the film go by it.
    """
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    decoded = 0
    for frame_width, frame_height in _gif_frames(data, 13 + _table(flags)):
        width, height = max(width, frame_width), max(height, frame_height)
        decoded += frame_width * frame_height
    return FilmSize(width, height, max(decoded, width * height))


def _gif_frames(data: bytes, place: int) -> Iterator[tuple[int, int]]:
    while place < len(data):
        kind = data[place]
        if kind == 0x2C:  # an image
            _, _, width, height, flags = struct.unpack_from("<HHHHB", data, place + 1)
            yield width, height
            place = _after_blocks(data, place + 11 + _table(flags))
        elif kind == 0x21:  # an extension
            place = _after_blocks(data, place + 2)
        else:  # the trailer, or what no decoder reads on from
            return


def _table(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return place + 1
