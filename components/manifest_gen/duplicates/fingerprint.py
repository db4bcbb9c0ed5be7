"""What is kept of a film to find its copies by: places that can be found again, and what the film looks like there."""

import hashlib
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

#: A film: uint8 [height, width].
Gray = npt.NDArray[np.uint8]

#: Longest side, in pixels, of the frame in which places are given.
FRAME: Final = 192
#: Places kept of a film. A copy that has lost 20 % at every side still shares 15 to 30 of 96 with its original.
PLACES: Final = 96
#: Far below SIFT's 0.04: films are smooth, and the count of places is limited anyway.
_CONTRAST: Final = 0.005
#: Bytes of the code of a place.
CODE_BYTES: Final = 16
_DIGEST: Final = 8

#: Where a bit of a code stands in the code of the mirrored film: rows of cells change places, directions their sign.
#: OpenCV's SIFT descriptor is rows x columns x directions in the frame of the place's own direction.
_MIRRORED: Final = np.arange(128).reshape(4, 4, 8)[::-1, :, -np.arange(8)].reshape(-1)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """A film's fingerprint; 3 kB, and nobody can see a film in it.

    Attributes:
        places: float32 [n, 4], n at most `PLACES`: x, y and diameter in pixels of a frame whose longest side is
            `FRAME`, and a direction in degrees, 0 to 360, clockwise from the x axis. No rows for an even picture.
        codes: uint8 [n, 16], of each place 128 bits: which parts of its SIFT descriptor lie above their median (after
            Zhou et al., Scalar quantization for large scale image search, 2012). Gain and offset of the grey levels
            do not change it.
        width: Of the frame, in pixels.
        height: Of the frame, in pixels.
        digest: Of the pixels as they were given; equal pixels, equal digest.
    """

    places: npt.NDArray[np.float32]
    codes: npt.NDArray[np.uint8]
    width: int
    height: int
    digest: bytes

    def mirrored(self) -> "Fingerprint":
        """The fingerprint that the film flipped left to right would have."""
        x, y, size, direction = self.places.T
        places = np.stack([self.width - 1 - x, y, size, (180 - direction) % 360], axis=1)
        return Fingerprint(
            places, packed(np.unpackbits(self.codes, axis=1)[:, _MIRRORED]), self.width, self.height, b""
        )


def fingerprint_of(gray: Gray) -> Fingerprint:
    """Describes a film.

    Args:
        gray: uint8 [height, width], any size from 1 x 1. A film reduced to a longest side of 400 or more gives the
            fingerprint of the full film but for a few bits.

    Raises:
        ValueError: For another shape or type.
    """
    if gray.ndim != 2 or gray.dtype != np.uint8 or not gray.size:
        raise ValueError(f"a film is {gray.dtype} {gray.shape}; give uint8 [height, width] with at least one pixel")
    frame = resized(gray, FRAME / max(gray.shape))
    detector = cv2.SIFT.create(nfeatures=PLACES, contrastThreshold=_CONTRAST)
    points, descriptors = detector.detectAndCompute(frame, None)
    points, height, width = points[:PLACES], *frame.shape  # Ties for the last place make it a few more.
    places = np.array([(*point.pt, point.size, point.angle) for point in points], np.float32).reshape(-1, 4)
    digest = hashlib.sha256(f"{gray.shape}".encode() + gray.tobytes()).digest()[:_DIGEST]
    return Fingerprint(places, _codes(descriptors, len(points)), width, height, digest)


def packed(bits: npt.NDArray[np.bool_] | npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Bits [n, 8 m] in bytes: uint8 [n, m], which can be read as wider words."""
    return np.ascontiguousarray(np.packbits(bits, axis=1))


def resized(gray: Gray, scale: float) -> Gray:
    """A film at `scale` times its size, smoothed where it shrinks; no side becomes less than a pixel."""
    height, width = gray.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, size, interpolation=how), np.uint8)


def _codes(descriptors: npt.NDArray[np.float32] | None, count: int) -> npt.NDArray[np.uint8]:
    if descriptors is None:
        return np.zeros((0, CODE_BYTES), np.uint8)
    kept = descriptors[:count]
    return packed(kept > np.median(kept, axis=1, keepdims=True))
