"""How one film lies on another, as far as their fingerprints tell."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from components.manifest_gen.duplicates.fingerprint import Fingerprint

Floats = npt.NDArray[np.float64]

#: Codes of one place in two copies differ in about 10 of 128 bits, the likest ones of two films in 20.
MOST_BITS: Final = 28
#: Places that make a pose: copies share 15 and more, films of two patients mostly 7 at most.
LEAST_PLACES: Final = 8
#: How much larger or smaller a film may lie on its copy: 1 / 0.6 after crops of 20 % at both sides, and room.
SCALES: Final = (0.4, 2.5)
_NEAR: Final = 4.0  # pixels of the frame, by one place's own pose
_NEARER: Final = 2.5  # pixels of the frame, by the pose fitted to many
_TURN: Final = 20.0  # degrees between a place's direction and the pose's
_SIZE: Final = 0.5  # octaves between a place's diameter and the pose's
_SPOT: Final = 3.0  # pixels of the frame that several sizes and directions of one place share


@dataclass(frozen=True, eq=False)
class Pose:
    """Where the places of one film are found again in another.

    Attributes:
        matrix: float64 [2, 3]: affine, takes a place (x, y, 1) of the first film's frame to the second's.
        places: How many places agree on it.
        share: Of the places of either film that lie on the other, the part that agrees; of the film with fewer.
    """

    matrix: Floats
    places: int
    share: float


def pose_between(first: Fingerprint, second: Fingerprint) -> Pose | None:
    """The pose on which most places agree; None if fewer than `LEAST_PLACES` do.

    Each pair of like places is a pose by itself (where, how large, which direction), so all of them are tried and
    nothing is drawn at random; the best is then fitted to those that agree with it.
    """
    ours, theirs = _like_places(first, second)
    if len(ours) < LEAST_PLACES:
        return None
    a, b = first.places[ours].astype(float), second.places[theirs].astype(float)
    inside = _best_of_each(a, b)
    for _ in range(2):
        if np.count_nonzero(inside) < LEAST_PLACES:
            return None
        matrix = np.linalg.lstsq(_with_ones(a[inside]), b[inside, :2], rcond=None)[0].T
        inside = np.hypot(*(_with_ones(a) @ matrix.T - b[:, :2]).T) < _NEARER
    places = min(_spots(a[inside]), _spots(b[inside]))
    if places < LEAST_PLACES or not SCALES[0] ** 2 < abs(np.linalg.det(matrix[:, :2])) < SCALES[1] ** 2:
        return None
    back = cv2.invertAffineTransform(matrix)
    both_show = min(_spots(_those_on(first, matrix, second)), _spots(_those_on(second, back, first)))
    return Pose(matrix, places, min(1.0, places / max(1, both_show)))


def _like_places(first: Fingerprint, second: Fingerprint) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Places of either film that are each other's likest, and like enough."""
    if not len(first.codes) or not len(second.codes):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    found = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(first.codes, second.codes)
    pairs = np.array([(one.queryIdx, one.trainIdx) for one in found if one.distance <= MOST_BITS], np.intp)
    return pairs.reshape(-1, 2)[:, 0], pairs.reshape(-1, 2)[:, 1]


def _best_of_each(a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    """Each of n pairs of places [n, 4] stands for a pose; bool [n], which pairs agree with the one most agree with."""
    scales, turns = b[:, 2] / a[:, 2], np.deg2rad(b[:, 3] - a[:, 3])
    grown = scales * np.exp(1j * turns)
    flat = [side[:, 0] + 1j * side[:, 1] for side in (a, b)]
    # A similarity is a product and a sum of complex numbers. Rows: poses; columns: places.
    moved = grown[:, None] * (flat[0][None] - flat[0][:, None]) + flat[1][:, None]
    agree = np.abs(moved - flat[1][None]) < _NEAR
    ratio = grown[None] / grown[:, None]
    agree &= np.abs(np.log2(np.abs(ratio))) < _SIZE
    agree &= np.abs(np.angle(ratio)) < np.deg2rad(_TURN)
    agree &= ((scales > SCALES[0]) & (scales < SCALES[1]))[:, None]
    return np.asarray(agree[agree.sum(axis=1).argmax()])


def _with_ones(places: npt.NDArray[np.floating]) -> Floats:
    return np.column_stack([places[:, :2], np.ones(len(places))]).astype(float)


def _those_on(film: Fingerprint, matrix: Floats, other: Fingerprint) -> npt.NDArray[np.float32]:
    """The film's places that lie on the other film."""
    moved = _with_ones(film.places) @ matrix.T
    return film.places[((moved >= 0) & (moved < (other.width, other.height))).all(axis=1)]


def _spots(places: npt.NDArray[np.floating]) -> int:
    """How many places [n, 4] there are; several sizes and directions at one spot are one."""
    x, y = np.round(places[:, :2] / _SPOT).T.tolist()
    return len(set(zip(x, y, strict=True)))
