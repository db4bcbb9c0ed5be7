from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.manifest_gen.duplicates import index
from components.manifest_gen.duplicates.fingerprint import (
    CODE_BYTES,
    FRAME,
    PLACES,
    Fingerprint,
    fingerprint_of,
    packed,
)
from components.manifest_gen.duplicates.index import candidates
from tests.components.manifest_gen.duplicates.conftest import Drawn, Gray


def noise(count: int, seed: int) -> list[Fingerprint]:
    """Fingerprints of films that have nothing in common."""
    rng = np.random.default_rng(seed)
    return [
        Fingerprint(
            (rng.random((PLACES, 4)) * (FRAME, FRAME, 10, 360) + (0, 0, 2, 0)).astype(np.float32),
            rng.integers(0, 256, (PLACES, CODE_BYTES), dtype=np.uint8),
            FRAME,
            FRAME,
            number.to_bytes(8, "big"),
        )
        for number in range(count)
    ]


def blurred(film: Fingerprint, rng: np.random.Generator, kept: int, wrong: float) -> Fingerprint:
    """What a copy may have: some of the places, each code with some bits wrong."""
    rows = rng.permutation(len(film.places))[:kept]
    bits = np.unpackbits(film.codes[rows], axis=1) ^ (rng.random((kept, 8 * CODE_BYTES)) < wrong)
    return Fingerprint(film.places[rows], packed(bits), film.width, film.height, b"")


def test_copies_are_candidates(drawn: Drawn, alter: Callable[[Gray], Gray]) -> None:
    count = 12
    films = [*drawn.fingerprints, *(fingerprint_of(alter(film)) for film in drawn.films[:count])]
    found = set(candidates(films))
    assert {(number, len(drawn.films) + number) for number in range(count)} <= found


def test_candidates_are_pairs_of_different_films_in_order(drawn: Drawn) -> None:
    found = candidates(drawn.fingerprints)
    assert found == sorted(set(found))
    assert all(0 <= a < b < len(drawn.films) for a, b in found)


def test_mirrored_films_are_candidates_too(drawn: Drawn) -> None:
    flipped = [fingerprint_of(film[:, ::-1].copy()) for film in drawn.films[:5]]
    films = [*drawn.fingerprints[:5], *flipped]
    found = candidates(films, [film.mirrored() for film in films])
    assert {(number, 5 + number) for number in range(5)} <= set(found)
    assert all(a < b for a, b in found)


def test_a_copy_is_found_among_thousands_without_comparing_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    ones = index._ones

    def counted(words: np.ndarray) -> np.ndarray:
        nonlocal looked_at
        looked_at += len(words)
        return ones(words)

    monkeypatch.setattr(index, "_ones", counted)
    films, rng = noise(2000, 1), np.random.default_rng(2)
    copied = [blurred(films[number], rng, kept=30, wrong=0.08) for number in range(20)]
    found = candidates([*films, *copied])
    assert found == [(number, 2000 + number) for number in range(20)]
    assert looked_at < 0.01 * 2000**2 / 2 * PLACES**2


def test_many_copies_of_one_film_are_all_linked() -> None:
    rng = np.random.default_rng(3)
    original = noise(1, 4)[0]
    films = [blurred(original, rng, kept=60, wrong=0.05) for _ in range(300)]
    found = candidates(films)
    linked, rest = {0}, set(range(1, 300))
    while reached := {b for a, b in found if a in linked and b in rest} | {
        a for a, b in found if b in linked and a in rest
    }:
        linked |= reached
        rest -= reached
    assert not rest
    assert len(found) < len(list(combinations(range(300), 2)))


@settings(max_examples=20)
@given(order=st.permutations(range(12)))
def test_the_order_of_the_films_does_not_matter(order: list[int]) -> None:
    rng = np.random.default_rng(5)
    films = noise(6, 6)
    films += [blurred(film, rng, kept=40, wrong=0.05) for film in films]
    found = {frozenset((order[a], order[b])) for a, b in candidates([films[number] for number in order])}
    assert found == {frozenset(pair) for pair in candidates(films)}


def test_films_without_places_are_no_candidates() -> None:
    none = fingerprint_of(np.zeros((64, 64), np.uint8))
    assert candidates([]) == []
    assert candidates([none, none]) == []
    assert candidates([none, none], [none.mirrored(), none.mirrored()]) == []
    assert candidates([none, *noise(2, 7)]) == []
