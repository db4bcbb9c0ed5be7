"""What the server's decoder makes of a file, or spends on it, where Pillow does otherwise. Nothing is decoded."""

import struct
from collections.abc import Iterator
from typing import Final

from cxr_client._film_size import oversize

_SCAN: Final = b"\xff\xda\x00"  # the marker and the first byte of its length, as the served graph counts them
#: A progressive JPEG has about ten scans. Each costs a pass over the whole film, however few bytes it has.
MAX_SCANS: Final = 100


def fault_of(content: bytes) -> tuple[str, str] | None:
    """Reason and detail of a JPEG with too many scans, or of a GIF whose later frames are too large."""
    if content.startswith(b"\xff\xd8\xff") and (scans := content.count(_SCAN)) > MAX_SCANS:
        return "not_a_film", f"JPEG of {scans} scans; a film has at most {MAX_SCANS}"
    if content.startswith(b"GIF8"):
        frames = list(_gif_frames(content))
        # The server's decoder makes a canvas that holds every frame, although it draws the first alone.
        width, height = (max((frame[side] for frame in frames), default=0) for side in (0, 1))
        if fault := oversize(width, height):
            return "size", f"GIF with frames of up to {fault}"
    return None


def _gif_frames(content: bytes) -> Iterator[tuple[int, int]]:
    """Width and height of each frame, as far as the file goes (GIF89a, sections 20 to 27)."""
    try:
        place = 13 + _colours(content[10])
        while True:
            if content[place] == 0x2C:  # an image
                width, height, flags = struct.unpack_from("<HHB", content, place + 5)
                yield width, height
                place = _after_blocks(content, place + 11 + _colours(flags))
            elif content[place] == 0x21:  # an extension
                place = _after_blocks(content, place + 2)
            else:
                return
    except (struct.error, IndexError):  # cut off
        return


def _colours(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, place: int) -> int:
    while content[place]:
        place += 1 + content[place]
    return place + 1
