from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from components.manifest_gen.duplicates.copies import LEAST_SHARE
from components.manifest_gen.duplicates.fingerprint import FRAME, Fingerprint, fingerprint_of
from components.manifest_gen.duplicates.pose import LEAST_PLACES, pose_between
from tests.components.manifest_gen.duplicates.conftest import Drawn, Gray, cropped


def test_a_film_lies_on_itself_as_it_is(drawn: Drawn) -> None:
    pose = pose_between(drawn.fingerprints[0], drawn.fingerprints[0])
    assert pose is not None
    assert pose.matrix == pytest.approx(np.eye(3)[:2], abs=1e-3)
    assert pose.share == 1


def test_a_crop_lies_where_it_was_cut_out(drawn: Drawn) -> None:
    film = drawn.films[0]
    crop = cropped(film, 0.1, 0.2, 0.1, 0)
    pose = pose_between(drawn.fingerprints[0], fingerprint_of(crop))
    assert pose is not None
    grown = max(film.shape) / max(crop.shape)
    left, top = int(0.1 * film.shape[1]), int(0.2 * film.shape[0])
    there = grown * FRAME / max(film.shape) * np.array([-left, -top])
    assert pose.matrix[:, :2] == pytest.approx(grown * np.eye(2), abs=0.03)
    assert pose.matrix[:, 2] == pytest.approx(there, abs=2)


def test_copies_agree_on_a_pose(drawn: Drawn, alter: Callable[[Gray], Gray]) -> None:
    for film, own in list(zip(drawn.films, drawn.fingerprints, strict=True))[:8]:
        pose = pose_between(own, fingerprint_of(alter(film)))
        assert pose is not None
        assert pose.places >= LEAST_PLACES
        assert pose.share >= LEAST_SHARE


def test_most_films_of_two_patients_do_not(drawn: Drawn) -> None:
    poses = [
        pose_between(drawn.fingerprints[a], drawn.fingerprints[b])
        for a, b in combinations(range(len(drawn.films)), 2)
        if drawn.patients[a] != drawn.patients[b]
    ]
    shares = [pose.share if pose is not None else 0.0 for pose in poses]
    assert np.mean(np.array(shares) >= LEAST_SHARE) < 0.02


def test_there_is_no_pose_between_few_places(drawn: Drawn) -> None:
    whole = drawn.fingerprints[0]
    few = Fingerprint(whole.places[:7], whole.codes[:7], whole.width, whole.height, b"")
    none = fingerprint_of(np.zeros((64, 64), np.uint8))
    assert pose_between(whole, few) is None
    assert pose_between(few, few) is None
    assert pose_between(whole, none) is None
    assert pose_between(none, none) is None


def test_places_at_one_spot_are_one_place(drawn: Drawn) -> None:
    whole = drawn.fingerprints[0]
    places = np.tile(whole.places[:1], (20, 1))
    heap = Fingerprint(places, whole.codes[:20], whole.width, whole.height, b"")
    assert pose_between(heap, heap) is None
