"""One film to one record: converted, or rejected with a reason, whatever its bytes are."""

import hashlib
import io
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from pydicom import uid

from components.manifest_gen.rows import ManifestRow, Rejection
from components.xray_example_gen.film_check import fault_of_film
from components.xray_example_gen.records import film_to_record
from trainer import features
from trainer.dicom import to_png
from trainer.preprocessing import film_to_image

#: Broken films that are tried; more of them with the same seed find what fewer have left.
TRIES = 3000
SIZE = 32
CLASSES = ("covid", "healthy")
#: Reasons that reading a film can give; a film that was not touched has none.
REASONS = {"unreadable", "not_a_film", "size", "frames", "photometric", "unprocessed"}

ToRecord = Callable[[bytes], tf.train.Example | Rejection]


@pytest.fixture
def to_record(tmp_path: Path) -> ToRecord:
    """The record of a film, from its bytes."""
    file = tmp_path / "film"
    values: dict[str, Any] = dict.fromkeys(ManifestRow.__dataclass_fields__, "")
    values |= {"path": str(file), "label": "covid", "view": "PA", "row": 3, "file": "film", "source": "ward"}
    values |= {"age": None, "sex": None, "bytes": 0, "width": 0, "height": 0}

    def convert(data: bytes) -> tf.train.Example | Rejection:
        file.write_bytes(data)
        return film_to_record(ManifestRow(**{**values, "sha256": hashlib.sha256(data).hexdigest()}), CLASSES, SIZE)

    return convert


def drawn(films: Path) -> Image.Image:
    """A drawn film, small enough to be broken a thousand times."""
    file = sorted((films / "class-folders" / "covid").iterdir())[0]
    with Image.open(file) as film:
        return film.convert("L").resize((96, 80))


def image_of(record: tf.train.Example | Rejection) -> np.ndarray:
    assert isinstance(record, tf.train.Example), record
    content = record.features.feature[features.IMAGE].bytes_list.value[0]
    return np.frombuffer(content, np.uint8).reshape(SIZE, SIZE, 1)


def encoded(film: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    film.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_dicom_film_is_converted_and_then_preprocessed_as_any_other(
    make_dicom: Any, films: Path, to_record: ToRecord, photometric: str
) -> None:
    stored = np.asarray(drawn(films)).astype(np.uint16) * 16
    if photometric == "MONOCHROME1":
        stored = 4080 - stored
    # A window from 0 to 4080 gives each grey level back.
    data = make_dicom(stored, PhotometricInterpretation=photometric, WindowCenter=2040.5, WindowWidth=4081)
    record = to_record(data)
    np.testing.assert_array_equal(image_of(record), film_to_image(to_png(data), SIZE))
    np.testing.assert_array_equal(image_of(record), image_of(to_record(encoded(drawn(films), "PNG"))))


def test_a_dicom_film_whose_pixels_are_cut_off_is_rejected(make_dicom: Any, films: Path, to_record: ToRecord) -> None:
    rejection = to_record(make_dicom(np.asarray(drawn(films)))[:-50])
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.row, rejection.file) == ("unreadable", 3, "film")
    assert "the pixels do not decode" in rejection.detail


def broken(data: bytes, generator: random.Random) -> bytes:
    """The film with a few bytes changed, taken out or put in, near its beginning as often as anywhere; or cut off."""
    changed = bytearray(data)
    for _ in range(generator.choice([1, 1, 2, 5, 20])):
        place = generator.randrange(min(len(changed), generator.choice([64, 700, len(changed)])))
        kind = generator.randrange(4)
        if kind == 0:
            changed[place] = generator.choice([0, 1, 127, 255, generator.randrange(256)])
        elif kind == 1:
            changed[place] ^= 1 << generator.randrange(8)
        elif kind == 2 and len(changed) > 100:
            del changed[place : place + generator.randrange(1, 20)]
        else:
            changed[place:place] = generator.randbytes(generator.randrange(1, 9))
    if generator.random() < 0.1:
        del changed[generator.randrange(len(changed)) :]
    return bytes(changed)


def test_every_broken_film_becomes_a_record_or_a_rejection(make_dicom: Any, films: Path, to_record: ToRecord) -> None:
    film = drawn(films)
    pixels = np.asarray(film)
    wide = Image.fromarray(pixels.astype(np.uint16) * 257)
    whole = [
        encoded(film, "JPEG"),
        encoded(film.convert("RGB"), "JPEG", progressive=True),
        encoded(film.convert("CMYK"), "JPEG"),
        encoded(film, "PNG"),
        encoded(film.convert("RGBA"), "PNG"),
        encoded(film.convert("P"), "PNG"),
        encoded(wide, "PNG"),
        encoded(film, "GIF"),
        encoded(film, "GIF", save_all=True, append_images=[film.rotate(90)]),
        encoded(film, "BMP"),
        encoded(film.convert("RGB"), "BMP"),
        make_dicom(pixels.astype(np.uint16) * 16, WindowCenter=2000, WindowWidth=3000),
        make_dicom(pixels, uid.JPEGBaseline8Bit),
        make_dicom(pixels, uid.JPEG2000Lossless),
        make_dicom(pixels, uid.RLELossless),
    ]
    generator = random.Random(11)
    outcomes = dict.fromkeys(["record", *REASONS], 0)
    slowest = 0.0
    for attempt in range(TRIES):
        data = broken(whole[attempt % len(whole)], generator)
        start = time.process_time()
        record = to_record(data)
        slowest = max(slowest, time.process_time() - start)
        if isinstance(record, Rejection):
            outcomes[record.reason] += 1
            assert record.detail
            assert record.detail.isprintable(), record.detail
        else:
            outcomes["record"] += 1
            assert image_of(record).dtype == np.uint8
            assert fault_of_film(data) is None
    assert sum(outcomes.values()) == TRIES
    assert min(outcomes["record"], outcomes["unreadable"]) > TRIES / 10
    assert slowest < 5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF"])
def test_the_decoders_reason_is_told_without_places_in_code(films: Path, to_record: ToRecord, kind: str) -> None:
    stream = io.BytesIO()
    drawn(films).save(stream, kind)
    rejection = to_record(stream.getvalue()[: stream.tell() // 2])
    assert isinstance(rejection, Rejection)
    assert rejection.detail.startswith("does not decode: ")
    assert "data" in rejection.detail or "size" in rejection.detail
    assert not any(mark in rejection.detail for mark in ("\n", "Op:", "node", "name:", ".py"))
