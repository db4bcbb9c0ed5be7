"""Hashes by which a film is known again that a model has learned from or was tuned on. No TensorFlow.

A model is pushed with the hashes of its films, so that an evaluation on other films can tell which of them the model
has seen. A film's hash has `BYTES` bytes: of the file's digest, of the pixels' digest, and of what the film looks
like, which stays nearly the same when the film is encoded anew or scaled.

What they give away: whoever holds a film, or only its SHA-256, can tell whether the model has seen it; and the look is
a sketch of 256 bits, from which a blur of 16 x 16 pixels could be made. They hold no pixel, name, path or label.
Patients are digests of pseudonyms: whoever holds the pseudonyms' key can tell whether a patient was among them, nobody
can tell which films were whose.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from trainer.errors import RunError

#: Beside ``model.json``.
TRAINING_FILMS: Final = "training_films.npz"

FILE_BYTES: Final = 8
PIXEL_BYTES: Final = 8
LOOK_BYTES: Final = 32
BYTES: Final = FILE_BYTES + PIXEL_BYTES + LOOK_BYTES
PATIENT_BYTES: Final = 8

#: Bits of 256 in which the looks of one film may differ: midway between what encoding anew and scaling do to a film at
#: 64 pixels and above (up to 17) and the likest of 22,000 pairs of different drawn films (28; of real ones 62). At 32
#: pixels it is less sure. ``benchmarks/film_hashes.md`` has the figures on other films.
MOST_BITS: Final = 22

_GRID: Final = 32  #: side to which a film is reduced before its look is taken
_FREQUENCIES: Final = 16
_AT_ONCE: Final = 256  # films compared with all others in one go

Hashes = npt.NDArray[np.uint8]
Kind = Literal["file", "pixels", "look"]


@dataclass(frozen=True)
class Match:
    """How a film is known.

    Attributes:
        kind: ``file``, the same bytes; ``pixels``, the same record; ``look``, encoded anew or scaled.
        bits: In which the looks differ; 0 for the other kinds.
    """

    kind: Kind
    bits: int = 0


@dataclass(frozen=True, eq=False)
class TrainingFilms:
    """The films of a model's train and eval splits.

    Attributes:
        films: uint8 [n, BYTES], sorted, so that their order says nothing.
        patients: uint8 [m, PATIENT_BYTES], sorted: digests of the patients' pseudonyms.
        key_id: Fingerprint of the key of the pseudonyms; only those of the same key can be compared.
    """

    films: Hashes
    patients: Hashes
    key_id: str

    @classmethod
    def of(cls, hashes: Iterable[bytes], patient_ids: Iterable[str], key_id: str) -> "TrainingFilms":
        """Of the hashes of films, as `film_hash` gives them, and their patients; each is kept once."""
        return cls(_rows(hashes, BYTES), _rows(map(patient_hash, patient_ids), PATIENT_BYTES), key_id)

    def write(self, file: Path) -> None:
        """Writes an ``.npz`` file; the same films give the same bytes."""
        key_id = np.frombuffer(self.key_id.encode(), np.uint8)
        with file.open("wb") as stream:
            np.savez(stream, films=self.films, patients=self.patients, key_id=key_id)

    @classmethod
    def read(cls, file: Path) -> "TrainingFilms | None":
        """What :meth:`write` wrote; None where there is no such file.

        Raises:
            RunError: The file is damaged.
        """
        try:
            with np.load(file, allow_pickle=False) as arrays:
                films, patients, key_id = (arrays[name] for name in ("films", "patients", "key_id"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise RunError(f"{file} is not understood ({error}); push the model again, or remove the file") from error
        if films.dtype != np.uint8 or films.shape[1:] != (BYTES,) or patients.shape[1:] != (PATIENT_BYTES,):
            raise RunError(f"{file} is of another version; push the model again, or remove the file")
        return cls(films, patients, key_id.tobytes().decode())

    @property
    def image_ids(self) -> set[str]:
        """Image ids of the films."""
        return {row.tobytes().hex() for row in self.films[:, :FILE_BYTES]}

    def known_patients(self, patient_ids: Iterable[str]) -> set[str]:
        """Those of some patients, by pseudonyms of the same key, of whom a film is here."""
        here = {row.tobytes() for row in self.patients}
        return {patient_id for patient_id in patient_ids if patient_hash(patient_id) in here}


def film_hash(image_id: str, image: npt.NDArray[np.uint8]) -> bytes:
    """The hash of one film.

    Args:
        image_id: Hex digits from the beginning of the file's SHA-256, `FILE_BYTES` bytes of them.
        image: uint8 [S, S], the record's image.

    Returns:
        `BYTES` bytes.
    """
    pixels = hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()[:PIXEL_BYTES]
    return bytes.fromhex(image_id)[:FILE_BYTES] + pixels + look_of(image)


def patient_hash(patient_id: str) -> bytes:
    """The digest of a pseudonym, so that a served folder does not hold the pseudonyms themselves."""
    return hashlib.sha256(f"patient\0{patient_id}".encode()).digest()[:PATIENT_BYTES]


def look_of(image: npt.NDArray[np.uint8]) -> bytes:
    """What a film looks like: `LOOK_BYTES` bytes that change little when it is encoded anew or scaled.

    The signs of the lowest frequencies, 16 x 16 of them, of the film reduced to 32 x 32 pixels; the mean has no part in
    it. An even picture has no look: zeros.

    Args:
        image: uint8 [S, S], S at least 32.

    Source: Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions (2010), 3.2.1, there with 8 x 8
        frequencies and their median.
    """
    if image.min() == image.max():
        return bytes(LOOK_BYTES)
    cosines = _reduced_cosines(len(image))
    frequencies = cosines @ image.astype(np.float64) @ cosines.T
    frequencies[0, 0] = 0
    return np.packbits(frequencies > 0).tobytes()


def find_known(films: Hashes, training: Hashes) -> list[Match | None]:
    """Which films are among those that a model has learned from.

    Args:
        films: uint8 [n, BYTES].
        training: uint8 [m, BYTES].

    Returns:
        For each film the surest way in which it is known; None for one that is not.
    """
    known_files = {row.tobytes() for row in training[:, :FILE_BYTES]}
    known_pixels = {row.tobytes() for row in training[:, FILE_BYTES:-LOOK_BYTES]}
    apart = look_distances(films[:, -LOOK_BYTES:], training[:, -LOOK_BYTES:])
    found: list[Match | None] = []
    for film, bits in zip(films, apart.tolist(), strict=True):
        if film[:FILE_BYTES].tobytes() in known_files:
            found.append(Match("file"))
        elif film[FILE_BYTES:-LOOK_BYTES].tobytes() in known_pixels:
            found.append(Match("pixels"))
        else:
            found.append(Match("look", bits) if bits <= MOST_BITS else None)
    return found


def look_distances(looks: Hashes, others: Hashes) -> npt.NDArray[np.int64]:
    """In how many bits each look differs from the nearest of others, int64 [n].

    An even picture has no look (zeros): it differs from everything in all bits.

    Args:
        looks: uint8 [n, LOOK_BYTES].
        others: uint8 [m, LOOK_BYTES].
    """
    bits = 8 * LOOK_BYTES
    nearest = np.full(len(looks), bits, np.int64)
    theirs = _signs(others[others.any(axis=1)])
    if not len(theirs):
        return nearest
    for start in range(0, len(looks), _AT_ONCE):
        part = looks[start : start + _AT_ONCE]
        # Of two rows of +1 and -1 the product is the bits that agree minus those that do not; exact in float32.
        apart = (bits - _signs(part) @ theirs.T) / 2
        nearest[start : start + _AT_ONCE] = np.where(part.any(axis=1), apart.min(axis=1), bits).astype(np.int64)
    return nearest


@lru_cache(maxsize=4)
def _reduced_cosines(side: int) -> npt.NDArray[np.float64]:
    """From ``side`` pixels to the lowest frequencies of their means over `_GRID` equal parts, [_FREQUENCIES, side]."""
    edges = np.linspace(0, side, _GRID + 1)[:, None]
    pixels = np.arange(side)
    within = np.clip(np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels), 0, 1)
    places = np.pi * (np.arange(_GRID) + 0.5) / _GRID
    return np.asarray(np.cos(np.arange(_FREQUENCIES)[:, None] * places) @ within)


def _signs(looks: Hashes) -> npt.NDArray[np.float32]:
    return np.unpackbits(looks, axis=1).astype(np.float32) * 2 - 1


def _rows(values: Iterable[bytes], width: int) -> Hashes:
    return np.frombuffer(b"".join(sorted(set(values))), np.uint8).reshape(-1, width)
