import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.manifest_gen.contents import LOOK_SIDE, contents_of, look_at, read_contents


@pytest.mark.parametrize(
    "name, mode", [("PNG", "L"), ("PNG", "RGBA"), ("PNG", "I;16"), ("JPEG", "L"), ("JPEG", "CMYK"), ("BMP", "RGB")]
)
def test_a_film_tells_its_size_format_and_mode(name: str, mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (70, 90)).save(buffer, name)
    data = buffer.getvalue()
    found = contents_of(data)
    assert (found.sha256, found.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (found.width, found.height, found.format, found.mode) == (70, 90, name, mode)


@pytest.mark.parametrize("data", [b"", b"no film", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 and no more", b"BM"])
def test_bytes_that_are_no_film_have_a_digest_and_nothing_else(data: bytes) -> None:
    found = contents_of(data)
    assert (found.sha256, found.width, found.format) == (hashlib.sha256(data).hexdigest(), 0, "")


def test_a_file_that_is_gone_is_told_in_the_place_of_its_contents(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"x")
    gone, there = read_contents([tmp_path / "gone", tmp_path / "there"])
    assert gone == "No such file or directory"
    assert not isinstance(there, str)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "P", "I;16", "1"])
def test_films_of_any_mode_are_looked_at_in_gray_and_small(mode: str) -> None:
    ramp = np.tile(np.linspace(0, 255, 1200).astype(np.uint8), (900, 1))
    if mode == "I;16":
        picture = Image.fromarray(ramp.astype(np.uint16) << 8)
    else:
        picture = Image.fromarray(ramp).convert("RGB" if mode in ("P", "CMYK") else mode).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    gray = look_at(buffer.getvalue())
    assert (gray.dtype, gray.shape) == (np.uint8, (LOOK_SIDE * 3 // 4, LOOK_SIDE))
    expected = np.linspace(0, 255, LOOK_SIDE)
    if mode != "1":
        assert np.abs(gray.mean(axis=0) - expected).max() < 12  # a palette has few grays


def test_a_film_of_64_pixels_is_not_made_larger() -> None:
    buffer = io.BytesIO()
    Image.new("L", (64, 64)).save(buffer, "PNG")
    assert look_at(buffer.getvalue()).shape == (64, 64)


def test_a_film_that_breaks_behind_its_header_is_no_film(films: Path) -> None:
    whole = next(films.rglob("*.png")).read_bytes()
    assert contents_of(whole).fingerprint is not None
    cut = contents_of(whole[: len(whole) // 2])
    assert (cut.width, cut.format, cut.fingerprint) == (0, "", None)
