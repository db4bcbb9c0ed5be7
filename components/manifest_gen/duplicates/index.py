"""Which films may be copies of one another, out of thousands, without looking at every pair."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from components.manifest_gen.duplicates.fingerprint import CODE_BYTES, FRAME, Fingerprint, packed
from components.manifest_gen.duplicates.pose import SCALES

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]

#: Orders in which all codes are sorted, and how many followers each code is compared with in each of them.
ORDERS: Final = 8
WINDOW: Final = 8
#: Codes of one place in two copies mostly differ in up to 16 of 128 bits.
MOST_BITS: Final = 16
#: Like places that make two films candidates, if they also agree roughly on how one film lies on the other.
LEAST_PLACES: Final = 6
_CHUNK: Final = 1 << 16  # codes at a time: what is worked on stays in the processor's cache
_CELL: Final = np.array([48.0, 48.0, 1.0, 60.0])  # pixels, pixels, octaves, degrees: what counts as roughly
_ONES: Final = np.array([bin(number).count("1") for number in range(1 << 16)], np.uint8)
_CELLS: Final = 16  # in each direction; what lies beyond counts as the last


def candidates(first: Sequence[Fingerprint], second: Sequence[Fingerprint] | None = None) -> list[tuple[int, int]]:
    """Pairs of films that have like places in a like arrangement, each pair once.

    All codes are sorted `ORDERS` times, each time by other bits, and each is compared with the `WINDOW` behind it:
    codes that differ in a few bits stand near one another in some of the orders (Charikar, Similarity estimation
    techniques from rounding algorithms, 2002). So the work grows with the films times the logarithm of their number,
    whatever they show, and however often one of them was copied.

    Args:
        first: Films.
        second: The same films mirrored, to be found among `first`; none: `first` among themselves.

    Returns:
        Indices (a, b) in ascending order: a < b, both of `first`; with `second`, a of `first` and b of `second`,
            and again a < b: film 3 among the mirrored ones is film 3 itself.
    """
    films = [*first, *(second or ())]
    if not films:
        return []
    owners = np.repeat(np.arange(len(films)), [len(film.codes) for film in films])
    places = np.concatenate([film.places for film in films])
    hits = [np.zeros(0, np.int64)]
    for a, b in _neighbours(np.concatenate([film.codes for film in films])):
        wanted = owners[a] < owners[b]
        if second is not None:
            wanted &= (owners[a] < len(first)) & (owners[b] - len(first) > owners[a])
        hits.append(a[wanted] * len(owners) + b[wanted])
    found: list[int] = []
    for some in _by_film(_once(np.concatenate(hits)), owners):
        a, b = some // len(owners), some % len(owners)
        pairs = owners[a] * len(films) + owners[b]
        found.extend(_arranged_alike(pairs, places[a].astype(float), places[b].astype(float)))
    before = len(first) if second is not None else 0
    return [(int(pair // len(films)), int(pair % len(films)) - before) for pair in found]


def _neighbours(codes: npt.NDArray[np.uint8]) -> Iterator[tuple[_Ints, _Ints]]:
    """Places of like codes, the earlier first."""
    rng = np.random.default_rng(0)
    words = codes.view(np.uint16)
    for _ in range(ORDERS):
        bits = rng.permutation(8 * CODE_BYTES)[:64]
        keys = np.empty(len(codes), np.uint64)
        for start in range(0, len(codes), _CHUNK):
            chosen = np.unpackbits(codes[start : start + _CHUNK], axis=1)[:, bits]
            keys[start : start + _CHUNK] = packed(chosen).view(">u8").ravel()
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        for start in range(0, len(order), _CHUNK):
            for step in range(1, WINDOW + 1):
                after = slice(start + step, start + step + _CHUNK)
                a, b = order[start : start + len(order[after])], order[after]
                # The keys lie side by side; the codes have to be fetched, so only where the keys are alike.
                apart = keys[start : start + len(b)] ^ keys[after]
                near = _ones(apart.view(np.uint16).reshape(-1, 4)) <= MOST_BITS
                a, b = a[near], b[near]
                like = _ones(words[a] ^ words[b]) <= MOST_BITS
                yield np.minimum(a, b)[like], np.maximum(a, b)[like]


def _ones(words: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """How many bits are set along the last axis, at most 255."""
    counts = _ONES[words]
    for column in range(1, words.shape[1]):
        counts[:, 0] += counts[:, column]  # a sum along so short an axis takes several times as long
    return counts[:, 0]


def _once(hits: _Ints) -> _Ints:
    hits.sort()
    return hits[np.diff(hits, prepend=-1) > 0]


def _by_film(hits: _Ints, owners: _Ints) -> Iterator[_Ints]:
    """Some hits at a time, all of a film together."""
    start = 0
    while start < len(hits):
        end = min(start + _CHUNK, len(hits))
        film = owners[hits[end - 1] // len(owners)]
        end = int(np.searchsorted(hits, (np.searchsorted(owners, film, "right")) * len(owners)))
        yield hits[start:end]
        start = end


def _arranged_alike(pairs: _Ints, a: _Floats, b: _Floats) -> _Ints:
    """Pairs of films of which enough places put one film on the other at about the same spot, size and turn."""
    scale, turn = b[:, 2] / a[:, 2], b[:, 3] - a[:, 3]
    possible = (scale > SCALES[0]) & (scale < SCALES[1])
    pairs, a, b, scale, turn = pairs[possible], a[possible], b[possible], scale[possible], turn[possible]
    across = scale * np.exp(1j * np.deg2rad(turn)) * (FRAME / 2 * (1 + 1j) - (a[:, 0] + 1j * a[:, 1]))
    middle = b[:, :2] + np.stack([across.real, across.imag], axis=1)  # of the one film, as it lies on the other
    votes = np.column_stack([middle, np.log2(scale), turn % 360]) / _CELL + _CELLS // 2
    found = []
    for shift in (0.0, 0.5):  # What the edge of a cell parts in one grid is together in the other.
        cells = np.clip(np.floor(votes + shift).astype(np.int64), 0, _CELLS - 1)
        cells[:, 3] %= 360 // int(_CELL[3])
        keys, counts = np.unique(
            np.ravel_multi_index((pairs, *cells.T), (int(pairs.max(initial=0)) + 1, *[_CELLS] * 4)), return_counts=True
        )
        found.append(keys[counts >= LEAST_PLACES] // _CELLS**4)
    return np.unique(np.concatenate(found))
