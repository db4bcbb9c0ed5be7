"""Which films are copies of one another."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

import networkx
import numpy as np

from components.manifest_gen.duplicates.fingerprint import Fingerprint, Gray
from components.manifest_gen.duplicates.index import candidates
from components.manifest_gen.duplicates.likeness import likeness
from components.manifest_gen.duplicates.pose import Pose, pose_between

Kind = Literal["bytes", "pixels", "near", "mirrored"]

#: Share of the places that both show before two films are opened. Copies agree in a third and more; films of two
#: patients in a sixth, but drawn ones, which are more alike, in up to 0.45.
LEAST_SHARE: Final = 0.3
#: A film that was opened so often for nothing is not opened again: a logo on every film must not cost a day.
MOST_REFUSED: Final = 10
_OPEN: Final = 8  # films kept open


@dataclass(frozen=True)
class Copy:
    """Two films that are one picture.

    Attributes:
        a: Index of the one film.
        b: Index of the other, above `a`.
        kind: ``bytes``, the same file; ``pixels``, the same grey levels in another file; ``near``, encoded, scaled,
            cropped or toned anew; ``mirrored``, the same flipped left to right.
        score: Correlation of their fine structures, up to 1; 1 for ``bytes`` and ``pixels``.
    """

    a: int
    b: int
    kind: Kind
    score: float


@dataclass(frozen=True, eq=False)
class _Candidate:
    a: int
    b: int
    pose: Pose
    mirrored: bool


def copies(films: Sequence[tuple[str, Fingerprint | None]], pixels_of: Callable[[int], Gray]) -> list[Copy]:
    """Copies of every kind among films.

    Enough pairs to join all copies of a film, not all pairs of them: see `groups`. Which films are joined does not
    depend on the order of the films.

    Args:
        films: Of each the SHA-256 of its file and its fingerprint; None for bytes that are no picture, which are
            compared as bytes only.
        pixels_of: Opens the film of an index again: uint8 [height, width], at full size; a reduced film will do, but
            then ``pixels`` means pixels as reduced. Asked for candidates only, and again for the same film.

    Returns:
        In ascending order of `a` and `b`.
    """
    firsts: dict[str, int] = {}
    found = []
    for index, (digest, _) in enumerate(films):
        if (first := firsts.setdefault(digest, index)) != index:
            found.append(Copy(first, index, "bytes", 1.0))
    kept = [index for index in firsts.values() if films[index][1] is not None]
    fingerprints = [fingerprint for index in kept if (fingerprint := films[index][1]) is not None]
    for copy in find_copies(fingerprints, lambda number: pixels_of(kept[number])):
        found.append(Copy(kept[copy.a], kept[copy.b], copy.kind, copy.score))
    return sorted(found, key=lambda copy: (copy.a, copy.b))


def find_copies(fingerprints: Sequence[Fingerprint], pixels_of: Callable[[int], Gray]) -> list[Copy]:
    """Copies among films of different bytes; see `copies`.

    Films with like places (`candidates`) of which enough agree on one pose (`pose_between`) are opened and laid on
    one another (`likeness`), those that share most places first.
    """
    opened = lru_cache(_OPEN)(pixels_of)
    joined = networkx.utils.UnionFind(range(len(fingerprints)))
    found: list[Copy] = []
    # An order of their own, so that the films' order has no part in what is tried first.
    order = sorted(range(len(fingerprints)), key=lambda index: _content(fingerprints[index]))
    for a, b in pairwise(order):
        if fingerprints[a].digest == fingerprints[b].digest and np.array_equal(opened(a), opened(b)):
            joined.union(a, b)
            found.append(Copy(min(a, b), max(a, b), "pixels", 1.0))
    firsts = [index for index in order if joined[index] == index]
    refused: Counter[int] = Counter()
    for one in _candidates([fingerprints[index] for index in firsts]):
        a, b = firsts[one.a], firsts[one.b]
        if joined[a] == joined[b] or max(refused[a], refused[b]) >= MOST_REFUSED:
            continue
        pixels = opened(a), opened(b)[:, ::-1] if one.mirrored else opened(b)
        like = likeness(*pixels, one.pose)
        if like.is_copy:
            joined.union(a, b)
            kind: Kind = "mirrored" if one.mirrored else "pixels" if np.array_equal(*pixels) else "near"
            found.append(Copy(min(a, b), max(a, b), kind, 1.0 if kind == "pixels" else like.correlation))
        else:
            refused.update((a, b))
    return found


def groups(pairs: Sequence[Copy], count: int) -> list[int | None]:
    """The group of each of `count` films: films that copies join, directly or through others.

    Returns:
        Numbers from 0 in the order of the groups' first films; None for a film without a copy.
    """
    graph = networkx.Graph([(pair.a, pair.b) for pair in pairs])
    found: list[int | None] = [None] * count
    for number, group in enumerate(sorted(networkx.connected_components(graph), key=min)):
        for index in group:
            found[index] = number
    return found


def _candidates(fingerprints: Sequence[Fingerprint]) -> list[_Candidate]:
    flipped = [fingerprint.mirrored() for fingerprint in fingerprints]

    def posed(pairs: Sequence[tuple[int, int]], mirrored: bool) -> Iterator[_Candidate]:
        for a, b in pairs:
            pose = pose_between(fingerprints[a], (flipped if mirrored else fingerprints)[b])
            if pose is not None and pose.share >= LEAST_SHARE:
                yield _Candidate(a, b, pose, mirrored)

    found = [*posed(candidates(fingerprints), False), *posed(candidates(fingerprints, flipped), True)]
    return sorted(found, key=lambda one: (-one.pose.places, one.a, one.b, one.mirrored))


def _content(fingerprint: Fingerprint) -> tuple[bytes, bytes, bytes]:
    return fingerprint.digest, fingerprint.codes.tobytes(), fingerprint.places.tobytes()
