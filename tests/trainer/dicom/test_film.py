"""The conversion as a whole, and that no bytes get the better of it."""

import io
import random
import time

import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from trainer.dicom import DicomFault, decodable, to_png

#: Broken films that are tried; more of them with the same seed find what fewer have left.
TRIES = 3000
REASONS = {"unreadable", "not_a_film", "frames", "photometric", "unprocessed", "size"}


def drawn(rows: int = 64, columns: int = 80) -> np.ndarray:
    down, across = np.mgrid[0:rows, 0:columns]
    noise = np.random.default_rng(1).integers(0, 40, (rows, columns))
    return (1500 + 20 * down - 10 * across + noise).astype(np.uint16)


def test_the_png_is_gray_and_of_the_films_size(make_dicom):
    with Image.open(io.BytesIO(to_png(make_dicom(drawn(64, 100))))) as film:
        assert (film.format, film.mode, film.size) == ("PNG", "L", (100, 64))


def test_the_same_film_gives_the_same_bytes(make_dicom):
    data = make_dicom(drawn())
    assert to_png(data) == to_png(data)


def test_only_dicom_films_are_converted(make_dicom):
    data = make_dicom(drawn())
    png = to_png(data)
    assert decodable(data) == png
    assert decodable(png) is png
    assert decodable(b"rubbish") == b"rubbish"


def broken(data: bytes, generator: random.Random) -> bytes:
    """The film with a few bytes changed, taken out or put in, in its header as often as in its pixels; or cut off."""
    changed = bytearray(data)
    pixels = max(data.find(b"\xe0\x7f\x10\x00"), 140)
    for _ in range(generator.choice([1, 1, 2, 5, 20])):
        first, last = generator.choice([(132, pixels), (pixels, pixels + 200), (pixels, len(data))])
        place = min(generator.randrange(first, max(last, first + 1)), len(changed) - 1)
        kind = generator.randrange(4)
        if kind == 0:
            changed[place] = generator.choice([0, 1, 127, 255, generator.randrange(256)])
        elif kind == 1:
            changed[place] ^= 1 << generator.randrange(8)
        elif kind == 2 and len(changed) > 200:
            del changed[place : place + generator.randrange(1, 20)]
        else:
            changed[place:place] = generator.randbytes(generator.randrange(1, 9))
    if generator.random() < 0.1:
        del changed[generator.randrange(len(changed)) :]
    return bytes(changed)


def test_no_broken_film_makes_it_crash_or_dawdle(make_dicom):
    stored = drawn()
    table = Dataset()
    table.LUTDescriptor = [256, 1000, 12]
    table.add_new("LUTData", "OW", np.arange(0, 4096, 16, dtype="<u2").tobytes())
    films = [
        make_dicom(stored, uid.ImplicitVRLittleEndian, RescaleSlope=1, RescaleIntercept=-5, PixelPaddingValue=0),
        make_dicom(stored, uid.ExplicitVRBigEndian, WindowCenter=1000, WindowWidth=900, PatientAge="033Y"),
        make_dicom(stored, uid.DeflatedExplicitVRLittleEndian),
        make_dicom(stored, uid.RLELossless, VOILUTSequence=[table]),
        make_dicom(stored, uid.JPEG2000Lossless),
        make_dicom((stored // 16).astype(np.uint8), uid.JPEGBaseline8Bit),
        make_dicom(stored.view(np.int16), ModalityLUTSequence=[table], PhotometricInterpretation="MONOCHROME1"),
    ]
    generator = random.Random(7)
    outcomes = dict.fromkeys(["film", *REASONS], 0)
    details = []
    slowest = 0.0
    for attempt in range(TRIES):
        data = broken(films[attempt % len(films)], generator)
        start = time.process_time()
        try:
            with Image.open(io.BytesIO(to_png(data))) as film:
                assert film.mode == "L"
            outcomes["film"] += 1
        except DicomFault as fault:
            outcomes[fault.reason] += 1
            details.append(fault.detail)
        slowest = max(slowest, time.process_time() - start)
    assert sum(outcomes.values()) == TRIES
    assert outcomes["film"] > TRIES / 20
    assert outcomes["unreadable"] > TRIES / 20
    assert all(detail.isprintable() for detail in details)
    assert slowest < 5


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEG2000Lossless])
def test_a_size_that_the_pixels_do_not_have_costs_no_time(make_dicom, syntax):
    start = time.process_time()
    with pytest.raises(DicomFault) as caught:
        to_png(make_dicom(drawn(), syntax).replace(b"\x10\x00US\x02\x00\x40\x00", b"\x10\x00US\x02\x00\xff\xff"))
    assert caught.value.reason == "unreadable"
    assert time.process_time() - start < 1
