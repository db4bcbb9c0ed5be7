"""Hashes by which a film is known again, on drawn films. ``benchmarks/film_hashes.py`` measures them on more."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.errors import RunError
from trainer.film_hashes import (
    BYTES,
    LOOK_BYTES,
    MOST_BITS,
    Match,
    TrainingFilms,
    film_hash,
    find_known,
    look_distances,
    look_of,
)

SIZE = 64


def read(film: Image.Image) -> np.ndarray:
    """A film as a record's image, by Pillow: all films of these tests are read so."""
    return np.asarray(film.convert("L").resize((SIZE, SIZE), Image.Resampling.BOX))


def encoded(film: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    film.convert("L").save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def scaled(film: Image.Image, scale: float) -> Image.Image:
    return film.convert("L").resize((round(film.width * scale), round(film.height * scale)), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def drawn(films: Path) -> list[Image.Image]:
    """Thirty-odd films of 24 patients."""
    return [Image.open(path) for path in sorted(films.rglob("*")) if path.suffix in (".png", ".jpg")]


@pytest.fixture(scope="module")
def hashes(drawn: list[Image.Image]) -> np.ndarray:
    return rows(*(film_hash(f"{number:016x}", read(film)) for number, film in enumerate(drawn)))


def rows(*hashes: bytes) -> np.ndarray:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, BYTES)


@pytest.mark.parametrize(
    "change",
    [
        lambda film: encoded(film, 95),
        lambda film: encoded(film, 40),
        lambda film: scaled(film, 0.5),
        lambda film: scaled(film, 2),
        lambda film: encoded(scaled(film, 0.6), 60),
    ],
    ids=["JPEG 95", "JPEG 40", "half", "twice", "smaller, JPEG 60"],
)
def test_a_film_that_was_encoded_anew_or_scaled_is_known(
    change: Callable[[Image.Image], Image.Image], drawn: list[Image.Image], hashes: np.ndarray
) -> None:
    for number, film in enumerate(drawn):
        (match,) = find_known(rows(film_hash("f" * 16, read(change(film)))), hashes[number : number + 1])
        assert match is not None, film.filename  # type: ignore[attr-defined]
        assert match.kind in ("look", "pixels")


def test_no_two_drawn_films_are_taken_for_one(hashes: np.ndarray) -> None:
    assert len(hashes) > 30
    for number in range(len(hashes)):
        others = np.delete(hashes, number, axis=0)
        assert look_distances(hashes[number : number + 1, -LOOK_BYTES:], others[:, -LOOK_BYTES:]) > MOST_BITS
        assert find_known(hashes[number : number + 1], others) == [None]


def test_the_same_file_is_surer_than_the_same_pixels_and_those_than_a_look(drawn: list[Image.Image]) -> None:
    image = read(drawn[0])
    kept = rows(film_hash("0" * 16, image))
    one_pixel = image.copy()
    one_pixel[3, 4] ^= 1
    asked = rows(film_hash("0" * 16, one_pixel), film_hash("1" * 16, image), film_hash("1" * 16, one_pixel))
    same, pixels, look = find_known(asked, kept)
    assert (same, pixels) == (Match("file"), Match("pixels"))
    assert look is not None
    assert (look.kind, look.bits < 3) == ("look", True)


@pytest.mark.parametrize("grey", [0, 77, 255])
def test_an_even_picture_has_no_look_and_is_known_by_its_pixels_alone(grey: int, hashes: np.ndarray) -> None:
    even, other = (np.full((SIZE, SIZE), level, np.uint8) for level in (grey, 100))
    assert look_of(even) == bytes(LOOK_BYTES)
    kept = np.concatenate([hashes, rows(film_hash("a" * 16, even))])
    assert find_known(rows(film_hash("b" * 16, even), film_hash("c" * 16, other)), kept) == [Match("pixels"), None]


def test_brightness_and_contrast_do_not_change_a_look(drawn: list[Image.Image]) -> None:
    image = read(drawn[1])
    duller = np.rint(image * 0.5 + 60).astype(np.uint8)
    apart = np.unpackbits(np.frombuffer(look_of(image), np.uint8) ^ np.frombuffer(look_of(duller), np.uint8)).sum()
    assert apart <= MOST_BITS


@pytest.mark.parametrize("side", [32, 33, 100, 1024])
def test_a_record_of_any_size_has_a_look(side: int) -> None:
    image = np.random.default_rng(side).integers(0, 256, (side, side), np.uint8)
    assert len(look_of(image)) == LOOK_BYTES
    assert look_of(image) != look_of(image[:, ::-1])


def test_distances_are_those_counted_bit_by_bit() -> None:
    rng = np.random.default_rng(1)
    looks, others = (rng.integers(0, 256, (count, LOOK_BYTES), np.uint8) for count in (600, 50))
    counted = np.unpackbits(looks[:, None] ^ others[None], axis=2).sum(axis=2).min(axis=1)
    assert look_distances(looks, others).tolist() == counted.tolist()
    assert look_distances(looks[:2], others[:0]).tolist() == [256, 256]
    assert look_distances(looks[:0], others).tolist() == []


def test_what_was_written_is_read_and_the_same_films_give_the_same_bytes(tmp_path: Path, hashes: np.ndarray) -> None:
    films = [row.tobytes() for row in hashes]
    TrainingFilms.of(films, ["p", "q", "p"], "0123456789abcdef").write(tmp_path / "a.npz")
    TrainingFilms.of(films[::-1] + films, ["q", "p"], "0123456789abcdef").write(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    kept = TrainingFilms.read(tmp_path / "a.npz")
    assert kept is not None
    assert kept.key_id == "0123456789abcdef"
    assert kept.image_ids == {f"{number:016x}" for number in range(len(hashes))}
    assert kept.known_patients(["p", "r", "q"]) == {"p", "q"}
    assert len(kept.patients) == 2
    assert find_known(hashes, kept.films) == [Match("file")] * len(hashes)
    assert (tmp_path / "a.npz").stat().st_size < 1500 + BYTES * len(hashes)


def test_the_file_holds_no_pseudonym(tmp_path: Path, hashes: np.ndarray) -> None:
    TrainingFilms.of([hashes[0].tobytes()], ["0011223344556677"], "k" * 16).write(tmp_path / "a.npz")
    content = (tmp_path / "a.npz").read_bytes()
    assert b"0011223344556677" not in content
    assert bytes.fromhex("0011223344556677") not in content


def test_no_films_are_no_films(tmp_path: Path, hashes: np.ndarray) -> None:
    TrainingFilms.of([], [], "k").write(tmp_path / "a.npz")
    kept = TrainingFilms.read(tmp_path / "a.npz")
    assert kept is not None
    assert find_known(hashes[:1], kept.films) == [None]


def test_a_missing_file_is_none_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    assert TrainingFilms.read(tmp_path / "none.npz") is None
    (tmp_path / "text.npz").write_bytes(b"no archive")
    with pytest.raises(RunError, match=r"text\.npz is not understood .*; push the model again, or remove the file"):
        TrainingFilms.read(tmp_path / "text.npz")
    np.savez(tmp_path / "pickle.npz", films=np.array([{}], object), patients=np.array([]), key_id=np.array([]))
    with pytest.raises(RunError, match=r"pickle\.npz is not understood"):
        TrainingFilms.read(tmp_path / "pickle.npz")
    wide = np.zeros((1, BYTES + 1), np.uint8)
    np.savez(tmp_path / "wide.npz", films=wide, patients=np.zeros((0, 8), np.uint8), key_id=np.zeros(0, np.uint8))
    with pytest.raises(RunError, match=r"wide\.npz is of another version"):
        TrainingFilms.read(tmp_path / "wide.npz")
