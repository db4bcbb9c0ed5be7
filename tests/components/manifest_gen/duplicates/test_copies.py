import pickle
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.manifest_gen.duplicates import copies as module
from components.manifest_gen.duplicates.copies import Copy, copies, find_copies, groups
from components.manifest_gen.duplicates.fingerprint import fingerprint_of
from components.manifest_gen.duplicates.likeness import Likeness
from tests.components.manifest_gen.duplicates.conftest import Drawn, Gray, cropped, jpeg


def found_among(films: Sequence[Gray]) -> list[Copy]:
    return find_copies([fingerprint_of(film) for film in films], lambda index: films[index])


def joined(pairs: Sequence[Copy], count: int) -> list[set[int]]:
    numbers = groups(pairs, count)
    return [{index for index in range(count) if numbers[index] == number} for number in set(numbers) - {None}]


def test_different_films_have_no_copies(drawn: Drawn) -> None:
    assert find_copies(drawn.fingerprints, lambda index: drawn.films[index]) == []


def test_every_copy_is_found_and_nothing_else(drawn: Drawn, alter: Callable[[Gray], Gray]) -> None:
    count = len(drawn.films)
    films = [*drawn.films, *(alter(film) for film in drawn.films[:10])]
    pairs = found_among(films)
    assert sorted((pair.a, pair.b) for pair in pairs) == [(index, count + index) for index in range(10)]
    assert {pair.kind for pair in pairs} == {"near"}
    assert all(0.8 <= pair.score <= 1 for pair in pairs)


def test_flipped_films_are_told(drawn: Drawn) -> None:
    pairs = found_among([*drawn.films[:4], drawn.films[2][:, ::-1].copy()])
    assert [(pair.a, pair.b, pair.kind) for pair in pairs] == [(2, 4, "mirrored")]


def test_equal_pixels_are_told(drawn: Drawn) -> None:
    even = np.zeros((50, 40), np.uint8)
    films = [even, *drawn.films[:3], drawn.films[1].copy(), drawn.films[1].copy(), even.copy()]
    pairs = found_among(films)
    assert {pair.kind for pair in pairs} == {"pixels"}
    assert joined(pairs, len(films)) == [{0, 6}, {2, 4, 5}] or joined(pairs, len(films)) == [{2, 4, 5}, {0, 6}]
    assert all(pair.score == 1 and pair.a < pair.b for pair in pairs)


def test_equal_digests_of_different_pixels_are_not_enough(drawn: Drawn) -> None:
    one = drawn.fingerprints[0]
    films = [drawn.films[0], drawn.films[5]]  # reduced films were described, the full ones differ
    even = [fingerprint_of(np.zeros((8, 8), np.uint8))] * 2
    assert find_copies(even, lambda index: films[index]) == []
    assert [pair.kind for pair in find_copies([one, one], lambda index: films[0])] == ["pixels"]


def test_two_crops_are_joined_by_the_film_they_come_from(drawn: Drawn) -> None:
    film = drawn.films[3]
    films = [cropped(film, 0.2, 0.2, 0, 0), drawn.films[4], film, cropped(film, 0, 0, 0.2, 0.2)]
    assert joined(found_among(films), 4) == [{0, 2, 3}]


def test_the_same_films_give_the_same_pairs(drawn: Drawn) -> None:
    films = [*drawn.films[:8], *(jpeg(film, 40) for film in drawn.films[:4])]
    assert found_among(films) == found_among(films)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_the_films_does_not_change_the_groups(drawn: Drawn, seed: int) -> None:
    films = [*drawn.films, *(jpeg(cropped(film, 0.1, 0, 0.1, 0.1), 50) for film in drawn.films[:6]), drawn.films[0]]
    expected = joined(found_among(films), len(films))
    order = np.random.default_rng(seed).permutation(len(films)).tolist()
    again = joined(found_among([films[index] for index in order]), len(films))
    assert sorted(sorted(order[index] for index in group) for group in again) == sorted(map(sorted, expected))


def test_a_film_that_is_like_many_is_not_opened_for_ever(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = 0

    def never(*_: object) -> Likeness:
        nonlocal opened
        opened += 1
        return Likeness(0.0, np.inf)

    monkeypatch.setattr(module, "likeness", never)
    films = [jpeg(drawn.films[0], quality) for quality in range(30, 70)]
    assert found_among(films) == []
    assert 0 < opened <= module.MOST_REFUSED * len(films)


def test_bytes_pixels_and_pictures_are_told_apart(drawn: Drawn) -> None:
    films = [drawn.films[0], drawn.films[0], drawn.films[1], drawn.films[1], jpeg(drawn.films[2], 60), drawn.films[2]]
    digests = ["a", "a", "b", "c", "d", "e"]
    described = [(digest, fingerprint_of(film)) for digest, film in zip(digests, films, strict=True)]
    described += [("broken", None), ("broken", None), ("other", None)]
    pairs = copies(described, lambda index: films[index])
    assert [(pair.a, pair.b, pair.kind) for pair in pairs] == [
        (0, 1, "bytes"),
        (2, 3, "pixels"),
        (4, 5, "near"),
        (6, 7, "bytes"),
    ]
    assert groups(pairs, len(described)) == [0, 0, 1, 1, 2, 2, 3, 3, None]


def test_a_copy_of_equal_files_joins_them_all(drawn: Drawn) -> None:
    films = [jpeg(drawn.films[0], 70), drawn.films[0], drawn.films[0]]
    described = [(digest, fingerprint_of(film)) for digest, film in zip("abb", films, strict=True)]
    assert groups(copies(described, lambda index: films[index]), 3) == [0, 0, 0]


def test_no_films_have_no_copies(drawn: Drawn) -> None:
    assert copies([], lambda index: drawn.films[index]) == []
    assert find_copies([], lambda index: drawn.films[index]) == []
    assert groups([], 0) == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1])))
def test_groups_are_the_films_that_pairs_connect(pairs: list[tuple[int, int]]) -> None:
    numbers = groups([Copy(a, b, "near", 1.0) for a, b in pairs], 10)
    assert all(numbers[a] == numbers[b] is not None for a, b in pairs)
    touched = {index for pair in pairs for index in pair}
    assert all((numbers[index] is None) == (index not in touched) for index in range(10))
    firsts = [index for index, number in enumerate(numbers) if number is not None and numbers.index(number) == index]
    assert [numbers[index] for index in firsts] == list(range(len(firsts)))
    assert all(a < b for a, b in pairwise(firsts))


def test_fingerprints_can_be_sent_to_other_processes(drawn: Drawn) -> None:
    again = [pickle.loads(pickle.dumps(one)) for one in drawn.fingerprints[:2]]
    assert find_copies([*again, *drawn.fingerprints[:2]], lambda index: drawn.films[index % 2]) != []
