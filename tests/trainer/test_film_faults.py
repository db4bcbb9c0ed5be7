"""Films that are refused before they are decoded, and those that are not."""

import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.film_faults import (
    MAX_SCANS,
    TOO_LARGE,
    TOO_MANY_SCANS,
    TRUNCATED_JPEG,
    TRUNCATED_PNG,
    UNKNOWN_FORMAT,
    fault,
)
from trainer.preprocessing import film_to_image, films_to_images

SIZE = 32


def _images(films: list[bytes]) -> np.ndarray:
    return films_to_images(tf.constant(films, tf.string, shape=[len(films)]), SIZE)[0].numpy()


def _gif(*sides: tuple[int, int]) -> bytes:
    """A GIF on a screen of 10 x 10 whose frames have these sides; of their pixels there are none."""
    frames = (b"\x2c" + struct.pack("<HHHHB", 0, 0, *of, 0x80) + bytes(6) + b"\x02\x01\x44\x00" for of in sides)
    comment = b"\x21\xfe\x01\x2c\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x81, 0, 0) + bytes(12) + comment + b"".join(frames) + b"\x3b"


@pytest.fixture
def bad_films(draw_film, encode) -> dict[str, tuple[bytes, str]]:
    film = draw_film(1, 0, 120, 100)
    thumbnail = encode(draw_film(1, 0, 30, 30), "JPEG")
    with_thumbnail = encode(film, "JPEG").replace(
        b"\xff\xd8", b"\xff\xd8\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail, 1
    )
    return {
        "empty": (b"", UNKNOWN_FORMAT),
        "text": (b"<html>not found</html>", UNKNOWN_FORMAT),
        "webp": (encode(film, "WEBP"), UNKNOWN_FORMAT),
        "tiff": (encode(film, "TIFF"), UNKNOWN_FORMAT),
        "half a JPEG": (encode(film, "JPEG")[:1500], TRUNCATED_JPEG),
        "half a large JPEG": (encode(draw_film(1, 0, 520, 540), "JPEG")[:9000], TRUNCATED_JPEG),
        "JPEG without its last byte": (encode(film, "JPEG")[:-1], TRUNCATED_JPEG),
        "cut after a whole thumbnail": (with_thumbnail[:-300], TRUNCATED_JPEG),
        "signature only": (b"\xff\xd8\xff", TRUNCATED_JPEG),
        "half a PNG": (encode(film, "PNG")[:1500], TRUNCATED_PNG),
        "PNG without its last byte": (encode(film, "PNG")[:-1], TRUNCATED_PNG),
    }


def test_a_bad_film_fails_alone_and_says_why(draw_film, encode, bad_films):
    good = encode(draw_film(2, 1, 80, 60), "PNG")
    films = [good]
    for content, _ in bad_films.values():
        films += [content, good]
    images, valid, error = films_to_images(tf.constant(films), SIZE)
    assert valid.numpy()[0::2].all()
    assert not valid.numpy()[1::2].any()
    assert [text.decode() for text in error.numpy()[1::2]] == [reason for _, reason in bad_films.values()]
    assert set(error.numpy()[0::2]) == {b""}
    assert images.numpy()[1::2].max() == 0
    assert (images.numpy()[0::2] == images.numpy()[0]).all()
    assert images.numpy()[0].max() > 0


def test_every_film_that_is_refused_could_not_have_been_decoded(bad_films):
    for name, (content, _) in bad_films.items():
        with pytest.raises(tf.errors.InvalidArgumentError):
            print(name, film_to_image(tf.constant(content), SIZE))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("after", [b"\n", b"\x00" * 5000, bytes(range(255)) * 300])
def test_bytes_after_the_end_do_not_make_a_film_bad(draw_film, encode, kind, after):
    film = encode(draw_film(3, 0, 80, 60), kind)
    np.testing.assert_array_equal(*_images([film, film + after]))


@pytest.fixture
def huge_films(encode) -> dict[str, bytes]:
    """A film of each format whose head says that it is 20,000 x 20,000 px; the content is that of a small one."""
    side = 20_000
    film, both = np.zeros((64, 64), np.uint8), struct.pack(">HH", side, side)
    png = bytearray(encode(film, "PNG"))
    png[16:24] = struct.pack(">II", side, side)
    jpeg = encode(film, "JPEG")
    at = jpeg.index(b"\xff\xc0") + 5
    gif, bmp = bytearray(encode(film, "GIF")), bytearray(encode(film, "BMP"))
    gif[6:10] = struct.pack("<HH", side, side)
    bmp[18:26] = struct.pack("<ii", side, -side)
    return {"PNG": bytes(png), "JPEG": jpeg[:at] + both + jpeg[at + 4 :], "GIF": bytes(gif), "BMP": bytes(bmp)}


def test_a_film_whose_head_says_that_it_is_huge_fails_alone_and_is_not_decoded(draw_film, encode, huge_films):
    good = encode(draw_film(2, 1, 80, 60), "BMP")
    _, valid, error = films_to_images(tf.constant([good, *huge_films.values(), good]), SIZE)
    assert valid.numpy().tolist() == [True, False, False, False, False, True]
    assert set(error.numpy()[1:-1]) == {TOO_LARGE.encode()}


def test_a_film_of_the_largest_size_is_let_pass_and_one_column_more_is_not(encode):
    film = bytearray(encode(np.zeros((64, 64), np.uint8), "PNG"))

    def of(width: int, height: int) -> bytes:
        film[16:24] = struct.pack(">II", width, height)
        return fault(tf.constant(bytes(film))).numpy()

    assert of(10_000, 10_000) == b""
    assert of(10_001, 10_000) == of(2**32 - 1, 2**32 - 1) == of(100_000, 1_001) == TOO_LARGE.encode()


@pytest.mark.parametrize("signature", [b"GIF8", b"BM", b"BM" + bytes(17)])
def test_a_head_that_is_cut_off_is_left_to_the_decoder(signature):
    assert fault(tf.constant(signature)).numpy() == b""


def test_a_gif_is_as_large_as_its_widest_and_its_highest_frame_together(draw_film, encode):
    assert fault(tf.constant(_gif((10_000, 1), (1, 10_000)))).numpy() == b""
    assert fault(tf.constant(_gif((10_001, 1), (5, 5), (1, 10_000)))).numpy() == TOO_LARGE.encode()
    good = encode(draw_film(2, 1, 80, 60), "GIF")
    _, valid, error = films_to_images(tf.constant([good, _gif((65_000, 1), (1, 65_000)), good]), SIZE)
    assert valid.numpy().tolist() == [True, False, True]
    assert error.numpy()[1] == TOO_LARGE.encode()


def test_a_gif_of_broken_blocks_is_left_to_the_decoder_wherever_it_ends():
    whole = _gif((300, 2), (2, 300))
    head = tf.function(fault)
    for end in range(4, len(whole), 7):
        assert head(tf.constant(whole[:end] + b"\xff" * (end % 2))).numpy() == b""


def test_a_gif_of_more_blocks_than_the_largest_film_has_is_not_walked_to_its_end(monkeypatch):
    monkeypatch.setattr("trainer.film_faults.MAX_GIF_BLOCKS", 20)
    few = _gif(*[(1, 1)] * 8)
    assert fault(tf.constant(few)).numpy() == b""
    assert fault(tf.constant(_gif(*[(1, 1)] * 9))).numpy() == TOO_LARGE.encode()


def test_a_jpeg_of_hundreds_of_scans_fails_alone_and_progressive_ones_pass(draw_film, encode):
    film = encode(Image.fromarray(draw_film(4, 1, 64, 64)).convert("RGB"), "JPEG", progressive=True)
    last = film.rindex(b"\xff\xda")
    scans = film.count(b"\xff\xda\x00")
    many = [film[:-2] + film[last:-2] * (more - scans) + film[-2:] for more in (MAX_SCANS, MAX_SCANS + 1)]
    _, valid, error = films_to_images(tf.constant([film, *many]), SIZE)
    assert scans == 10
    assert valid.numpy().tolist() == [True, True, False]
    assert error.numpy()[2] == TOO_MANY_SCANS.encode()
