"""DICOM files, and what only looks like one."""

import io
import tracemalloc
import warnings
import zlib

import numpy as np
import pydicom
import pytest
from pydicom import uid

from trainer.dicom import DicomFault, header_of, is_dicom, reading, to_png

PIXELS = np.arange(64 * 80, dtype=np.uint16).reshape(64, 80)


def test_a_dicom_file_is_known_by_its_head(make_dicom):
    data = make_dicom(PIXELS)
    assert is_dicom(data)
    assert not is_dicom(data[132:])
    assert not is_dicom(b"")
    assert not is_dicom(b"\x89PNG\r\n\x1a\n" + bytes(200))


@pytest.mark.parametrize("data", [b"", b"DICM", b"\x89PNG\r\n\x1a\n" + bytes(200)])
def test_a_file_without_the_head_is_no_film(data):
    with pytest.raises(DicomFault, match="does not begin as a DICOM file does") as caught:
        header_of(data)
    assert caught.value.reason == "not_a_film"


@pytest.mark.parametrize("data", [bytes(128) + b"DICM", bytes(128) + b"DICMrubbish that goes on"])
def test_a_head_alone_is_unreadable(data):
    with pytest.raises(DicomFault) as caught:
        header_of(data)
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize(
    "syntax, name",
    [
        (uid.MPEG2MPML, "MPEG2 Main Profile / Main Level"),
        (uid.HTJ2KLossless, "High-Throughput JPEG 2000 Image Compression (Lossless Only)"),
        ("1.2.3", "that is missing or unknown"),
    ],
)
def test_a_transfer_syntax_that_is_not_read_is_named(make_dicom, syntax, name):
    data = make_dicom(PIXELS)
    place = data.index(b"\x02\x00\x10\x00UI") + 8
    room = int.from_bytes(data[place - 2 : place], "little")
    value = str(syntax).encode() + b"\0" * (len(syntax) % 2)
    data = data[: place - 2] + len(value).to_bytes(2, "little") + value + data[place + room :]
    with pytest.raises(DicomFault) as caught:
        header_of(data)
    assert caught.value.detail == f"transfer syntax {name}: not read; export the film uncompressed or as JPEG 2000"


def test_a_deflated_bomb_is_refused_and_not_unpacked(make_dicom, monkeypatch):
    monkeypatch.setattr(reading, "MAX_INFLATED", 1 << 20)
    data = make_dicom(PIXELS, uid.DeflatedExplicitVRLittleEndian)
    head = data[: _end_of_meta(data)]
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = bytes(1 << 20)
    bomb = head + b"".join(deflater.compress(block) for _ in range(64)) + deflater.flush()
    tracemalloc.start()
    with pytest.raises(DicomFault) as caught:
        to_png(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.reason == "size"
    assert "unpacks to more than 1048576 bytes" in caught.value.detail
    assert peak < 8 << 20


def _end_of_meta(data: bytes) -> int:
    return 144 + int.from_bytes(data[140:144], "little")


def test_a_value_of_absurd_length_is_refused(make_dicom):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom objects to a value that it is told to write
        data = make_dicom(PIXELS, PatientID="x" * 5000)
    with pytest.raises(DicomFault, match=r"element \(0010,0020\) has 5000 bytes, more than 1024"):
        header_of(data)


def test_sequences_nested_without_end_are_a_fault(make_dicom):
    data = make_dicom(PIXELS)
    place = data.index(b"\x10\x00\x20\x00LO")
    begin = b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(DicomFault, match=r"the header is broken \(RecursionError\)"):
        header_of(data[:place] + begin * 5000 + data[place:])


def test_what_follows_the_pixels_is_not_read(make_dicom):
    data = make_dicom(PIXELS)
    assert to_png(data + b"\xfc\xff\xfc\xffXX\x00\x00 and rubbish") == to_png(data)


def test_nothing_of_pydicoms_warnings_or_log_comes_out(make_dicom, caplog):
    data = make_dicom(PIXELS, NumberOfFrames=1)
    padded = pydicom.dcmread(io.BytesIO(data))
    padded.PixelData += bytes(100)
    stream = io.BytesIO()
    padded.save_as(stream)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert to_png(stream.getvalue()) == to_png(data)
    assert not caught
    assert not caplog.records
