"""Stored values out of every transfer syntax that is read."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, get_frame

from trainer.dicom import DicomFault, to_png
from trainer.dicom.codestream import bare, size_of

PIXELS = (np.arange(64 * 80, dtype=np.uint16) * 13).reshape(64, 80)
LOSSLESS = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.RLELossless,
    uid.JPEG2000Lossless,
]


def shipped(name: str) -> bytes:
    """One of the films that lie in pydicom's package."""
    found = get_testdata_file(name, download=False)
    assert found is not None
    return Path(str(found)).read_bytes()


def replaced(data: bytes, codestream: bytes) -> bytes:
    """The film with other compressed pixels."""
    film = pydicom.dcmread(io.BytesIO(data))
    film.PixelData = encapsulate([codestream])
    stream = io.BytesIO()
    film.save_as(stream)
    return stream.getvalue()


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_every_lossless_syntax_gives_the_same_film(make_dicom, grey, syntax, dtype):
    stored = PIXELS.astype(dtype)
    levels = grey(make_dicom(stored, syntax, WindowCenter=100, WindowWidth=180))
    np.testing.assert_array_equal(levels, grey(make_dicom(stored, WindowCenter=100, WindowWidth=180)))
    assert levels.std() > 10


def test_lossy_jpeg_is_close_to_what_was_stored(make_dicom, grey):
    rows, columns = np.mgrid[0:64, 0:80]
    stored = (rows * 2 + columns).astype(np.uint8)
    levels = grey(make_dicom(stored, uid.JPEGBaseline8Bit, WindowCenter=128, WindowWidth=256))
    assert np.abs(levels.astype(int) - stored).mean() < 1


def test_jpeg_of_twelve_bits_and_its_jpeg_2000_show_the_same(grey):
    """Two files of one picture, the first `JPEG Extended`, the second `JPEG 2000`, both lossy."""
    extended, second = grey(shipped("JPGExtended.dcm")), grey(shipped("JPEG2000.dcm"))
    assert extended.shape == second.shape
    assert np.corrcoef(extended.ravel(), second.ravel())[0, 1] > 0.9


def jpeg_lossless(stored: np.ndarray, bits: int) -> bytes:
    """ISO/IEC 10918-1, annex H, with the value to the left as prediction and one code of five bits per category."""
    previous = np.empty(stored.shape, np.int64)
    previous[:, 1:] = stored[:, :-1]
    previous[1:, 0] = stored[:-1, 0]
    previous[0, 0] = 1 << (bits - 1)
    coded = []
    for difference in ((stored - previous + 32767) % 65536 - 32767).ravel().tolist():
        category = abs(difference).bit_length()
        extra = difference if difference >= 0 else difference + (1 << category) - 1
        coded.append(f"{category:05b}" + (f"{extra:0{category}b}" if 0 < category < 16 else ""))
    stream = "".join(coded)
    stream += "1" * (-len(stream) % 8)
    scan = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\x00")

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content

    rows, columns = stored.shape
    frame = bytes([bits]) + rows.to_bytes(2, "big") + columns.to_bytes(2, "big") + bytes([1, 1, 0x11, 0])
    codes = bytes([0, 0, 0, 0, 0, 17] + 11 * [0] + list(range(17)))
    start = bytes([1, 1, 0, 1, 0, 0])
    return b"\xff\xd8" + segment(0xC3, frame) + segment(0xC4, codes) + segment(0xDA, start) + scan + b"\xff\xd9"


@pytest.mark.parametrize("syntax", [uid.JPEGLossless, uid.JPEGLosslessSV1], ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_jpeg_lossless_gives_the_film_as_stored(make_dicom, grey, syntax, bits):
    stored = (PIXELS % (1 << bits)).astype(np.uint8 if bits == 8 else np.uint16)
    plain = make_dicom(stored, BitsStored=bits)
    film = pydicom.dcmread(io.BytesIO(plain))
    film.PixelData = encapsulate([jpeg_lossless(stored, bits)])
    film.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    film.save_as(stream)
    np.testing.assert_array_equal(grey(stream.getvalue()), grey(plain))


@pytest.mark.parametrize(
    "name", ["MR_small_jpeg_ls_lossless.dcm", "MR_small_jp2klossless.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm"]
)
def test_other_programs_files_give_what_the_uncompressed_film_gives(grey, name):
    np.testing.assert_array_equal(grey(shipped(name)), grey(shipped("MR_small.dcm")))


def test_a_jpeg_2000_in_its_file_format_is_unpacked(make_dicom, grey):
    data = make_dicom(PIXELS, uid.JPEG2000Lossless)
    codestream = get_frame(pydicom.dcmread(io.BytesIO(data)).PixelData, 0, number_of_frames=1)
    box = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 " + bytes(4) + b"jp2c"
    np.testing.assert_array_equal(grey(replaced(data, box + codestream)), grey(data))


def test_a_box_without_length_does_not_hang(make_dicom):
    data = make_dicom(PIXELS, uid.JPEG2000Lossless)
    with pytest.raises(DicomFault, match="do not begin as JPEG, JPEG-LS or JPEG 2000 do"):
        to_png(replaced(data, b"\x00\x00\x00\x0cjP  " + bytes(400)))


def test_compressed_pixels_of_another_size_are_refused_before_they_are_decoded(make_dicom):
    data, other = (make_dicom(pixels, uid.JPEG2000Lossless) for pixels in (PIXELS, PIXELS[:, :70].copy()))
    codestream = get_frame(pydicom.dcmread(io.BytesIO(other)).PixelData, 0, number_of_frames=1)
    with pytest.raises(DicomFault) as caught:
        to_png(replaced(data, codestream))
    assert caught.value.detail == (
        "compressed pixels of 70 x 64 px, 1 values of 16 bits each; the header says 80 x 64 px, 1 value of up to "
        "16 bits"
    )


def test_run_lengths_that_unpack_to_more_than_the_film_are_not_unpacked(make_dicom):
    data = make_dicom(PIXELS, uid.RLELossless)
    head = np.array([2, 64, 70, *[0] * 13], "<u4").tobytes()
    with pytest.raises(DicomFault, match="run lengths of 12800384 bytes for 80 x 64 px of 10240 bytes"):
        to_png(replaced(data, head + b"\x81\x00" * 3 + b"\x81\x00" * 100_000))


@pytest.mark.parametrize("cut", [-1, -100, -5000, 400])
def test_a_film_cut_off_is_unreadable(make_dicom, cut):
    with pytest.raises(DicomFault) as caught:
        to_png(make_dicom(PIXELS)[:cut])
    assert caught.value.reason in ("unreadable", "not_a_film")


def test_more_than_sixteen_bits_are_refused(make_dicom):
    stored = PIXELS.astype(np.uint32)
    with pytest.raises(DicomFault, match="32 bits allocated to a pixel; 8 or 16 are read"):
        to_png(make_dicom(stored))


def test_pixels_that_are_missing_are_named(make_dicom):
    data = make_dicom(PIXELS)
    with pytest.raises(DicomFault, match="no pixel data: the file is cut off"):
        to_png(data[: data.index(b"\xe0\x7f\x10\x00")])


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xde\x00\x04", b"\xff\x4f\xff\x51", b"\xff\xd8" * 9])
def test_bytes_that_state_no_size_have_none(data):
    assert size_of(bare(data)) is None
