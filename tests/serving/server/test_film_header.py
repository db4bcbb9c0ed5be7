"""The size of a film is what the decoder will find."""

import io
import struct
from typing import Any

import pytest
from PIL import Image

from serving.server.film_header import FilmSize, film_size, scans
from serving.server.limits import Limits
from trainer.film_faults import MAX_SCANS

from .conftest import encoded


@pytest.mark.parametrize(
    "kind, options",
    [
        ("PNG", {}), ("BMP", {}), ("GIF", {}), ("JPEG", {}), ("JPEG", {"progressive": True}),
        ("JPEG", {"comment": b"\xff\xc0" + bytes(300)}), ("JPEG", {"restart_marker_blocks": 1}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [(1, 1), (301, 77), (7, 1200)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_format_tells_its_size(kind: str, options: dict[str, Any], size: tuple[int, int], mode: str) -> None:
    assert film_size(encoded(Image.new(mode, size), kind, **options)) == FilmSize(*size, size[0] * size[1])


def test_a_thumbnail_in_the_header_is_not_the_film() -> None:
    thumbnail = encoded(Image.new("L", (8, 8)), "JPEG")
    exif = struct.pack(">BBH", 0xFF, 0xE1, len(thumbnail) + 2) + thumbnail
    film = encoded(Image.new("L", (400, 300)), "JPEG")
    assert film_size(film[:2] + exif + film[2:]) == FilmSize(400, 300, 120_000)


def test_bytes_between_markers_are_skipped_as_libjpeg_skips_them() -> None:
    film = encoded(Image.new("L", (400, 300)), "JPEG")
    assert film_size(film[:2] + b"\xff\xff\xff" + film[3:]) == FilmSize(400, 300, 120_000)


def test_a_bmp_from_the_top_has_a_height_too() -> None:
    film = bytearray(encoded(Image.new("L", (40, 30)), "BMP"))
    struct.pack_into("<i", film, 22, -30)
    assert film_size(bytes(film)) == FilmSize(40, 30, 1200)


def test_an_animation_counts_every_frame() -> None:
    stream = io.BytesIO()
    first, *others = [Image.new("L", (40, 30), grey) for grey in (0, 90, 200)]
    first.save(stream, "GIF", save_all=True, append_images=others, comment=b"x" * 600)
    assert film_size(stream.getvalue()) == FilmSize(40, 30, 3600)


def test_a_gif_is_as_large_as_its_widest_and_its_highest_frame_together() -> None:
    film = encoded(Image.new("L", (10, 10)), "GIF")
    image = film.index(b"\x2c", film.index(b"\x2c\x00\x00\x00\x00"))
    wide, high = (
        film[image : image + 5] + struct.pack("<HH", *of) + film[image + 9 : -1] for of in ((9000, 1), (1, 8000))
    )
    assert film_size(film[:image] + wide + high + b";") == FilmSize(9000, 8000, 72_000_000)


def test_scans_are_counted_and_bounded_as_in_the_served_graph() -> None:
    image = Image.new("RGB", (40, 30))
    assert scans(encoded(image, "JPEG", progressive=True)) == 10
    assert scans(encoded(image, "JPEG")) == 1
    assert scans(encoded(image)) == 0
    assert Limits().film_scans == MAX_SCANS


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG"])
def test_a_header_that_ends_too_early_has_no_size_or_the_whole_one(kind: str) -> None:
    film = encoded(Image.new("L", (40, 30)), kind)
    for end in range(len(film)):
        assert film_size(film[:end]) in (None, FilmSize(40, 30, 1200))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xda", b"BM", b"GIF89a", b"II*\x00", b"RIFF....WEBP"]
)
def test_what_is_no_film_has_no_size(data: bytes) -> None:
    assert film_size(data) is None
