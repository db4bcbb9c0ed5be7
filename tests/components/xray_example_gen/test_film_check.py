"""Which bytes are a film, told without decoding it."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from components.xray_example_gen.film_check import fault_of_film

PIXELS = np.arange(64 * 80, dtype=np.uint16).reshape(64, 80)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes whose header speaks of a huge picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


GRAY = Image.fromarray(np.arange(100 * 80, dtype=np.uint32).reshape(100, 80).astype(np.uint8))


@pytest.mark.parametrize(
    "data",
    [
        encoded(GRAY, "JPEG"),
        encoded(GRAY.convert("RGB"), "JPEG", progressive=True),
        encoded(GRAY.convert("CMYK"), "JPEG"),
        encoded(GRAY, "PNG"),
        encoded(GRAY.convert("RGBA"), "PNG"),
        encoded(Image.fromarray(np.arange(6400, dtype=np.uint16).reshape(80, 80) * 10), "PNG"),
        encoded(GRAY, "GIF"),
        encoded(GRAY, "BMP"),
    ],
    ids=["JPEG", "progressive JPEG", "CMYK JPEG", "PNG", "RGBA PNG", "16-bit PNG", "GIF", "BMP"],
)
def test_these_are_films(data: bytes) -> None:
    assert fault_of_film(data) is None


def test_a_text_file_named_png_is_unreadable() -> None:
    reason, detail = fault_of_film(b"not a picture at all") or ("", "")
    assert reason == "unreadable"
    assert detail == "begins with b'not a pi', which is none of JPEG, PNG, GIF, BMP, DICOM"


def test_an_animated_gif_is_no_film() -> None:
    frames = [GRAY, GRAY.rotate(90, expand=False)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert fault_of_film(data) == ("frames", "2 frames; a film is a single frame")


@pytest.mark.parametrize("width, height", [(30_000, 30_000), (12_000, 10_000)])
def test_an_absurd_size_is_refused_from_the_header(width: int, height: int) -> None:
    reason, detail = fault_of_film(png_that_claims(width, height)) or ("", "")
    assert reason == "size"
    assert "at most 100000000 pixels are read" in detail


def test_a_thumbnail_is_no_film() -> None:
    assert fault_of_film(encoded(GRAY.resize((63, 200)), "PNG")) == (
        "size",
        "63 x 200 px; a film has at least 64 px on its shorter side",
    )


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"]))
def test_no_bytes_make_it_crash(tail: bytes, head: bytes) -> None:
    fault = fault_of_film(head + tail)
    assert fault is None or fault[0] in {"unreadable", "size", "frames"}


def test_every_drawn_film_passes(films: Path) -> None:
    files = [path for path in films.rglob("*") if path.suffix in (".png", ".jpg", ".jpeg")]
    assert files
    assert not [path.name for path in files if fault_of_film(path.read_bytes())]


def test_a_dicom_film_passes(make_dicom: Any) -> None:
    assert fault_of_film(make_dicom(PIXELS)) is None


@pytest.mark.parametrize(
    "elements, reason",
    [
        ({"NumberOfFrames": 3}, "frames"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "photometric"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "unprocessed"),
        ({"Rows": 20_000, "Columns": 20_000}, "size"),
        ({"Rows": 63}, "size"),
        ({"Rows": None}, "not_a_film"),
    ],
)
def test_a_dicom_file_that_is_no_film_says_why(make_dicom: Any, elements: dict[str, Any], reason: str) -> None:
    found, detail = fault_of_film(make_dicom(PIXELS, **elements)) or ("", "")
    assert found == reason
    assert detail


def test_a_head_of_dicom_without_a_body_is_unreadable() -> None:
    assert (fault_of_film(bytes(128) + b"DICM") or ("", ""))[0] == "unreadable"
