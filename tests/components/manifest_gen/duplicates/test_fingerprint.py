import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from components.manifest_gen.duplicates.fingerprint import CODE_BYTES, FRAME, PLACES, fingerprint_of, packed, resized
from tests.components.manifest_gen.duplicates.conftest import Drawn


def test_a_film_is_described_in_three_kilobytes(drawn: Drawn) -> None:
    for film, made in zip(drawn.films, drawn.fingerprints, strict=True):
        assert made.places.shape == (PLACES, 4)
        assert made.places.dtype == np.float32
        assert made.codes.shape == (PLACES, CODE_BYTES)
        assert made.codes.dtype == np.uint8
        assert made.places.nbytes + made.codes.nbytes + len(made.digest) < 4096
        assert max(made.width, made.height) == FRAME
        assert made.width / made.height == pytest.approx(film.shape[1] / film.shape[0], rel=0.02)
        assert (made.places[:, :2] < (made.width, made.height)).all()


def test_the_same_pixels_give_the_same_fingerprint(drawn: Drawn) -> None:
    again = fingerprint_of(drawn.films[0].copy())
    assert again.digest == drawn.fingerprints[0].digest
    assert np.array_equal(again.codes, drawn.fingerprints[0].codes)
    assert np.array_equal(again.places, drawn.fingerprints[0].places)
    changed = drawn.films[0].copy()
    changed[0, 0] ^= 1
    assert fingerprint_of(changed).digest != again.digest
    assert fingerprint_of(drawn.films[0].reshape(-1, 1)).digest != again.digest


def test_gain_and_offset_of_the_grey_levels_change_few_bits(drawn: Drawn) -> None:
    film = drawn.films[0] // 2
    apart = fingerprint_of(film), fingerprint_of(film + 60)
    bits = np.unpackbits(apart[0].codes ^ apart[1].codes, axis=1).sum(axis=1)
    assert np.median(bits) == 0


def test_the_mirrored_fingerprint_is_that_of_the_flipped_film(drawn: Drawn) -> None:
    mirrored, flipped = drawn.fingerprints[0].mirrored(), fingerprint_of(drawn.films[0][:, ::-1].copy())
    near = 0
    for place, code in zip(flipped.places, flipped.codes, strict=True):
        there = np.hypot(*(mirrored.places[:, :2] - place[:2]).T) < 1
        there &= np.abs((mirrored.places[:, 3] - place[3] + 180) % 360 - 180) < 5
        near += any(np.unpackbits(one ^ code).sum() <= 16 for one in mirrored.codes[there])
    assert near > 0.8 * PLACES
    twice = mirrored.mirrored()
    assert np.array_equal(twice.codes, drawn.fingerprints[0].codes)
    assert np.allclose(twice.places[:, :3], drawn.fingerprints[0].places[:, :3], atol=1e-3)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.integers(0, 255)))
def test_any_picture_has_a_fingerprint(gray: np.ndarray) -> None:
    made = fingerprint_of(gray)
    assert len(made.places) == len(made.codes) <= PLACES
    assert np.isfinite(made.places).all()
    assert (made.places[:, 2] > 0).all()
    assert made.mirrored().codes.shape == made.codes.shape


@pytest.mark.parametrize("gray", [np.zeros((64, 64), np.uint8), np.full((1, 900), 255, np.uint8)])
def test_an_even_picture_has_no_places(gray: np.ndarray) -> None:
    made = fingerprint_of(gray)
    assert made.places.shape == (0, 4)
    assert made.codes.shape == (0, CODE_BYTES)


@pytest.mark.parametrize("gray", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((0, 4), np.uint8)])
def test_what_is_no_gray_film_is_refused(gray: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"give uint8 \[height, width\]"):
        fingerprint_of(gray)


def test_no_side_is_resized_to_nothing() -> None:
    assert resized(np.zeros((3, 1000), np.uint8), 0.1).shape == (1, 100)
    assert resized(np.zeros((30, 40), np.uint8), 2).shape == (60, 80)


def test_packed_bits_can_be_read_as_words() -> None:
    bits = np.eye(16, dtype=np.uint8)
    assert packed(bits[:, ::-1]).view(np.uint16).shape == (16, 1)
    assert np.array_equal(np.unpackbits(packed(bits), axis=1), bits)
