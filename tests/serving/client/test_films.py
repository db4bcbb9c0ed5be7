"""What may be given as a film, and what is found wrong with it before it is sent."""

import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cxr_client import FilmError, HeatMap, UsageError
from cxr_client._films import MAX_PIXELS, Sendable, sendable
from cxr_client._structure import MAX_SCANS


def content(given: Any) -> bytes:
    found = sendable(given, 3)
    assert isinstance(found, Sendable), found
    return found.content


def fault(given: Any) -> FilmError:
    found = sendable(given, 3)
    assert isinstance(found, FilmError)
    assert (found.index, "\n" in str(found)) == (3, False)
    return found


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return np.asarray(image)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


DRAWN = Image.fromarray(np.random.default_rng(0).integers(256, size=(60, 50), dtype=np.uint8))


def test_files_are_sent_as_they_are(tmp_path: Path) -> None:
    for name in ("JPEG", "PNG", "GIF", "BMP"):
        data = saved(DRAWN, name)
        assert content(data) == data
        path = tmp_path / f"film.{name.lower()}"
        path.write_bytes(data)
        assert content(path) == content(str(path)) == data
        assert sendable(path, 0).name == str(path)
    for image, options in (
        (DRAWN.convert("CMYK"), {"format": "JPEG"}),
        (DRAWN.convert("RGB"), {"format": "JPEG", "progressive": True}),
        (DRAWN.convert("RGBA"), {"format": "PNG"}),
        (Image.fromarray(np.arange(6400, dtype=np.uint16).reshape(80, 80)), {"format": "PNG"}),
        (DRAWN, {"format": "GIF", "save_all": True, "append_images": [DRAWN.rotate(90)]}),
    ):
        data = saved(image, **options)
        assert content(data) == data


def test_bytes_after_the_end_are_no_fault() -> None:
    for name in ("JPEG", "PNG"):
        assert content(saved(DRAWN, name) + b"\0" * 100)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(80, dtype=np.uint8).reshape(8, 10),
        np.arange(6400, dtype=np.uint16).reshape(80, 80),
        np.arange(6400, dtype=">u2").reshape(80, 80),
        np.arange(80, dtype=np.uint8).reshape(8, 10, 1),
        np.arange(240, dtype=np.uint8).reshape(8, 10, 3),
        np.arange(320, dtype=np.uint8).reshape(8, 10, 4),
        np.arange(160, dtype=np.uint8).reshape(16, 10)[::2],
    ],
    ids=lambda array: f"{array.shape}{array.dtype}",
)
def test_arrays_are_sent_pixel_by_pixel(array: np.ndarray) -> None:
    assert np.array_equal(pixels(content(array)), array.squeeze(-1) if array.shape[-1] == 1 else array)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_images_are_sent_pixel_by_pixel(mode: str) -> None:
    image = Image.fromarray(np.arange(6400, dtype=np.uint16).reshape(80, 80)) if mode == "I;16" else DRAWN.convert(mode)
    assert image.mode == mode
    assert np.array_equal(pixels(content(image)), np.asarray(image))


def test_a_dicom_film_is_sent_as_its_picture(make_dicom: Callable[..., bytes], tmp_path: Path) -> None:
    data = make_dicom(np.arange(6400, dtype=np.uint16).reshape(80, 80), PatientID="hidden")
    (tmp_path / "IM1").write_bytes(data)
    png = content(tmp_path / "IM1")
    assert pixels(png).shape == (80, 80)
    assert b"hidden" not in png
    assert content(data) == png


def test_a_dicom_file_that_is_no_film_says_why(make_dicom: Callable[..., bytes]) -> None:
    found = fault(make_dicom(np.zeros((80, 80), np.uint16), NumberOfFrames=2))
    assert (found.reason, found.detail) == ("frames", "2 frames; a film is a single frame")


def test_compressed_dicom_takes_the_decoders_of_the_pipeline(
    make_dicom: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydicom import uid

    data = make_dicom(np.zeros((80, 80), np.uint8), uid.JPEGBaseline8Bit)
    assert content(data)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert fault(data).detail == ("DICOM of JPEG Baseline (Process 1), which takes pip install 'cxr-client[dicom]'")
    assert content(make_dicom(np.zeros((80, 80), np.uint8), uid.RLELossless))


def bomb(width: int, height: int) -> bytes:
    """A PNG file of few bytes that states a large size and holds it, or as much of it as no decoder should see."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(min((width + 1) * height, 1 << 24))))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "given, reason, detail",
    [
        (b"", "unreadable", "empty; fetch the film again"),
        (b"no film at all", "unreadable", "begins with b'no film ', which is none of JPEG, PNG, GIF, BMP, DICOM"),
        (saved(DRAWN, "TIFF"), "unreadable", "which is none of JPEG, PNG, GIF, BMP, DICOM"),
        (saved(DRAWN, "WEBP"), "unreadable", "which is none of JPEG, PNG, GIF, BMP, DICOM"),
        (saved(DRAWN, "JPEG")[:-300], "unreadable", "does not decode: image file is truncated"),
        (saved(DRAWN, "PNG")[:-300], "unreadable", "does not decode"),
        (saved(DRAWN, "PNG")[:-5], "unreadable", "does not decode"),
        (saved(DRAWN, "BMP")[:-300], "unreadable", "does not decode"),
        (saved(DRAWN, "PNG").replace(b"IDAT", b"IDAX"), "unreadable", "does not decode"),
        (bomb(50_000, 50_000), "size", f"at most {MAX_PIXELS} pixels are read"),
        (bomb(1_000_000, 101), "size", f"at most {MAX_PIXELS} pixels are read"),
        (Path("nowhere.png"), "unreadable", "cannot be read (No such file or directory); give an image file"),
        (".", "unreadable", "cannot be read (not a regular file); give an image file"),
        ("/dev/zero", "unreadable", "cannot be read (not a regular file); give an image file"),
        ("a\0b", "unreadable", "cannot be read (embedded null byte); give an image file"),
        (np.zeros((8, 8)), "unreadable", "array of float64; give grey levels as uint8 or uint16"),
        (np.zeros((3, 8, 8), np.uint8), "unreadable", "array (3, 8, 8) of uint8; give one film"),
        (np.zeros((8, 8, 3), np.uint16), "unreadable", "array (8, 8, 3) of uint16; give one film"),
        (np.zeros((0, 8), np.uint8), "size", "a film has pixels"),
        (DRAWN.convert("F"), "unreadable", "image of mode F; give one of"),
    ],
)
def test_what_is_no_film_is_found_before_it_is_sent(given: Any, reason: str, detail: str) -> None:
    found = fault(given)
    assert found.reason == reason
    assert detail in found.detail


def test_damage_within_a_png_is_found() -> None:
    data = saved(DRAWN, "PNG")
    for place in range(50, len(data) - 12, 97):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        assert fault(bytes(damaged)).reason == "unreadable", place


def test_damage_within_a_jpeg_is_not_found() -> None:
    """As docs/client.md says: the day that Pillow tells of it, the client can."""
    data = saved(DRAWN, "JPEG")
    middle = len(data) // 2
    assert content(data[:middle] + b"\xff\xd9")
    assert content(data[:middle] + bytes(50) + data[middle + 50 :])


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in fault(tmp_path / "pipe.png").detail


def test_no_more_is_read_than_a_file_said_that_it_holds() -> None:
    assert fault("/proc/self/status").detail == "changes while it is read; ask again when it is written"


def test_a_large_film_below_the_bound_is_taken_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(DRAWN, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)  # of which Pillow warns; DRAWN has 3000
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(io.BytesIO(data))
    assert content(data) == data
    assert HeatMap(saved(DRAWN.resize((8, 8)), "PNG"), data).overlay().size == DRAWN.size


def test_a_gif_is_as_large_as_a_canvas_for_all_its_frames() -> None:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 50, 60, 0) + b"\x02\x02\x4c\x01\x00"
    wide, high = (frame[:5] + struct.pack("<HH", *sides) + frame[9:] for sides in ((60_000, 1), (1, 60_000)))
    film = saved(DRAWN, "GIF", comment=b"x" * 600)
    assert content(film[:-1] + wide + b";")
    found = fault(film[:-1] + wide + high + b";")
    assert (found.reason, found.detail) == (
        "size",
        f"GIF with frames of up to 60000 x 60000 px; at most {MAX_PIXELS} pixels are read",
    )


def test_a_jpeg_of_hundreds_of_scans_is_no_film() -> None:
    data = saved(DRAWN, "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    scan, scans = data[start:-2], data.count(b"\xff\xda")
    assert content(data[:-2] + scan * (MAX_SCANS - scans) + data[-2:])
    found = fault(data[:-2] + scan * (MAX_SCANS - scans + 1) + data[-2:])
    assert (found.reason, found.detail) == ("not_a_film", "JPEG of 101 scans; a film has at most 100")


def test_a_file_beyond_what_a_film_can_be_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        os.truncate(stream.fileno(), 1 << 33)
    assert fault(tmp_path / "huge").reason == "size"


def test_an_image_that_pillow_reads_only_now_may_still_be_broken(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(saved(DRAWN, "PNG")[:-300])
    with Image.open(tmp_path / "cut.png") as image:
        assert "does not decode" in fault(image).detail


@pytest.mark.parametrize("given", [None, 7, ["film.png"], bytearray(b"x")])
def test_what_is_not_even_like_a_film_is_wrong_use(given: Any) -> None:
    with pytest.raises(UsageError, match=f"film 3 is of type {type(given).__name__}; give a path"):
        sendable(given, 3)


def test_no_warning_filter_is_left_behind(make_dicom: Callable[..., bytes]) -> None:
    """Threads that convert DICOM or open pictures at the same time would restore each other's filters."""
    from concurrent.futures import ThreadPoolExecutor

    before = list(warnings.filters)
    data = make_dicom(np.zeros((80, 80), np.uint16))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(content, [data, saved(DRAWN, "PNG")] * 20))
    assert warnings.filters == before
