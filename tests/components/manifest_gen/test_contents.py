import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from components.manifest_gen.contents import contents_of, read_contents


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
