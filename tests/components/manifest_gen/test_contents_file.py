import io
from pathlib import Path

import numpy as np
from PIL import Image

from components.manifest_gen.contents import Contents, contents_of
from components.manifest_gen.contents_file import read_contents_file, write_contents


def film(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (80, 70), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((280, 320)).save(buffer, "PNG")
    return buffer.getvalue()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    found = [contents_of(film(1)), "Permission denied", contents_of(b"no film"), contents_of(film(2))]
    write_contents(tmp_path / "file", found)
    again = list(read_contents_file(tmp_path / "file"))
    assert again == found
    for one, other in zip(found, again, strict=True):
        if isinstance(one, Contents) and isinstance(other, Contents) and one.fingerprint:
            assert other.fingerprint is not None
            np.testing.assert_array_equal(other.fingerprint.places, one.fingerprint.places)
            np.testing.assert_array_equal(other.fingerprint.codes, one.fingerprint.codes)
            assert (other.fingerprint.width, other.fingerprint.digest) == (
                one.fingerprint.width,
                one.fingerprint.digest,
            )
        else:
            assert isinstance(one, str) or one.fingerprint is None


def test_no_film_at_all_is_a_file_too(tmp_path: Path) -> None:
    write_contents(tmp_path / "file", [])
    assert list(read_contents_file(tmp_path / "file")) == []
