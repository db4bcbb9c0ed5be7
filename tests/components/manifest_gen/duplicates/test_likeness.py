from collections.abc import Callable

import numpy as np
import pytest

from components.manifest_gen.duplicates.fingerprint import FRAME, fingerprint_of
from components.manifest_gen.duplicates.likeness import LEAST_SIDE, Likeness, likeness
from components.manifest_gen.duplicates.pose import Pose, pose_between
from tests.components.manifest_gen.duplicates.conftest import Drawn, Gray, scaled

AS_IT_IS = Pose(np.eye(3)[:2], 10, 1.0)


def compared(first: Gray, second: Gray) -> Likeness:
    pose = pose_between(fingerprint_of(first), fingerprint_of(second))
    assert pose is not None
    return likeness(first, second, pose)


def test_a_film_is_like_itself(drawn: Drawn) -> None:
    like = likeness(drawn.films[0], drawn.films[0], AS_IT_IS)
    assert like.correlation > 0.95
    assert like.shift < 0.001
    assert like.is_copy


def test_a_copy_is_one_picture_with_its_original(drawn: Drawn, alter: Callable[[Gray], Gray]) -> None:
    for film in drawn.films[:6]:
        copy = alter(film)
        assert compared(film, copy).is_copy
        assert compared(copy, film).is_copy


def test_films_of_one_patient_are_not(drawn: Drawn) -> None:
    alike = 0
    for a, b in zip(range(len(drawn.films)), range(1, len(drawn.films)), strict=False):
        if drawn.patients[a] == drawn.patients[b]:
            pose = pose_between(drawn.fingerprints[a], drawn.fingerprints[b])
            alike += pose is not None
            assert pose is None or not likeness(drawn.films[a], drawn.films[b], pose).is_copy
    assert alike  # or this test says nothing


def test_what_has_moved_inside_a_film_counts_though_it_correlates(drawn: Drawn) -> None:
    film = drawn.films[0]
    height, width = film.shape
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    breath = 5 * np.sin(down / height * np.pi) * np.sin(2 * across / width * np.pi)
    rows = np.clip(np.rint(down + breath), 0, height - 1).astype(int)
    moved = film[rows, across.astype(int)]
    like = likeness(film, moved, AS_IT_IS)
    assert not like.is_copy
    assert like.shift > 0.3


def test_a_pose_that_is_somewhat_off_is_put_right(drawn: Drawn) -> None:
    off = Pose(np.array([[1.01, 0.01, 1.5], [-0.01, 0.99, -1.0]]), 10, 1.0)
    assert likeness(drawn.films[0], drawn.films[0], off).is_copy


def test_little_overlap_is_no_likeness(drawn: Drawn) -> None:
    aside = Pose(np.array([[1.0, 0, 0.9 * FRAME], [0, 1, 0]]), 10, 1.0)
    assert likeness(drawn.films[0], drawn.films[0], aside) == Likeness(0.0, np.inf)


def test_films_too_small_to_tell_apart_are_no_copies(drawn: Drawn) -> None:
    film = drawn.films[0]
    small = scaled(film, (LEAST_SIDE - 4) / max(film.shape))
    assert likeness(film, small, AS_IT_IS) == Likeness(0.0, np.inf)
    assert likeness(small, small, AS_IT_IS) == Likeness(0.0, np.inf)


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (200, 200)])
@pytest.mark.parametrize("level", [0, 255])
def test_even_pictures_and_strips_show_nothing_to_compare(shape: tuple[int, int], level: int) -> None:
    film = np.full(shape, level, np.uint8)
    assert not likeness(film, film, AS_IT_IS).is_copy
