"""Whether two films are one picture: laid on one another, does everything in them stay where it is?"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from components.manifest_gen.duplicates.fingerprint import FRAME, Gray, resized
from components.manifest_gen.duplicates.pose import Floats, Pose

_Plane = npt.NDArray[np.float32]

#: Longest side, in pixels, at which two films are compared; less where one of them has less to show.
SIDE: Final = 256
#: Side of a first glance, at which most films that are not copies are told apart in a quarter of the time.
GLANCE: Final = 128
#: Below this side nothing is compared, so nothing is a copy: films of one patient look too much alike.
LEAST_SIDE: Final = 90
#: What two films must reach to be one picture. Copies move by up to 0.12 pixels, films of one patient by 0.16 and more
#: on drawn films and 0.8 and more on real ones, 0.25 at a side of 96; their correlations overlap.
LEAST_CORRELATION: Final = 0.8
MOST_SHIFT: Final = 0.13
#: The part of the smaller film that must lie on the other and show something.
LEAST_OVERLAP: Final = 0.2

_FINE: Final = (0.7, 2.8)  # sigmas in pixels: what lies between is compared, neither noise nor shading
_WINDOW: Final = 8.0  # sigma in pixels of the neighbourhood that is compared at a time
_FAINT: Final = 0.25  # grey levels squared: structure below it is noise
_EVEN: Final = 2  # grey levels within 7 x 7 pixels: a border, or nothing
_STRONG: Final = 2.0  # in units of the neighbourhood: edges of marks and borders count no more than this
_STEPS: Final = 40
_FEWEST: Final = 1000  # pixels that must be compared, however small the films
_EACH: Final = 3  # pixels between those whose motion is told apart; their neighbourhoods overlap
_TONES: Final = 32
_STILL: Final = 60  # per cent of the film that must not have moved: the rest may be marked, or blurred by a codec


@dataclass(frozen=True)
class Likeness:
    """How alike two films are where one lies on the other.

    Attributes:
        correlation: Of their fine structures, -1 to 1: the median over the overlap.
        shift: Pixels at `SIDE` by which parts of the film have moved against the whole: 60 % have moved less.
    """

    correlation: float
    shift: float

    @property
    def is_copy(self) -> bool:
        """Whether they are one picture."""
        return self.correlation >= LEAST_CORRELATION and self.shift <= MOST_SHIFT


def likeness(first: Gray, second: Gray, pose: Pose) -> Likeness:
    """Compares two films where they overlap.

    Two films of one patient can look the same but for the breath between them, a copy is its original moved as one.
    So the pose is refined on the pixels (Evangelidis and Psarakis, Parametric image alignment using enhanced
    correlation coefficient maximization, 2008), the tones of the one are mapped to those of the other, and around
    every pixel it is asked how far the structures there correlate and how far they have moved (Lucas and Kanade, An
    iterative image registration technique, 1981). Brightness, contrast and gamma do not matter, a burnt-in mark only
    where it stands, and even areas such as borders not at all.

    Args:
        first: uint8 [height, width].
        second: uint8 [height, width].
        pose: Takes the first's places to the second's.

    Returns:
        The worse of the answers there and back, or the first that says no. Correlation 0 and an infinite shift where
        less than `LEAST_OVERLAP` or `LEAST_SIDE` can be compared.
    """
    glance, matrix = _laid_on(first, second, pose.matrix, GLANCE)
    if glance.correlation < LEAST_CORRELATION / 2 or glance.shift > 2 * MOST_SHIFT:
        return glance
    there, matrix = _laid_on(first, second, matrix, SIDE)
    if not there.is_copy:
        return there
    back, _ = _laid_on(second, first, cv2.invertAffineTransform(matrix), SIDE)
    return Likeness(min(there.correlation, back.correlation), max(there.shift, back.shift))


def _laid_on(first: Gray, second: Gray, matrix: Floats, most: int) -> tuple[Likeness, Floats]:
    """Compares at a side of at most so many pixels; also the refined pose."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    sizes = max(first.shape), max(second.shape)
    side = min(most, sizes[0], sizes[1] * scale)
    if side < LEAST_SIDE:
        return Likeness(0.0, np.inf), matrix
    a, b = resized(first, side / sizes[0]), resized(second, side / scale / sizes[1])
    to_pixels = np.array([1, 1, side / FRAME]) / scale
    refined = _refined(a, b, matrix * to_pixels)
    return _compared(a, b, refined), refined / to_pixels


def _refined(a: Gray, b: Gray, matrix: Floats) -> Floats:
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, 1e-4)
    start = np.ascontiguousarray(matrix, np.float32)
    try:
        _, refined = cv2.findTransformECC(_levelled(a), _levelled(b), start, cv2.MOTION_AFFINE, stop, None, 5)
    except cv2.error as error:
        if error.code != cv2.Error.StsNoConv:
            raise
        return matrix  # The films do not agree.
    return np.asarray(refined, float)


def _compared(a: Gray, b: Gray, matrix: Floats) -> Likeness:
    def laid(plane: _Plane, how: int) -> _Plane:
        return np.asarray(cv2.warpAffine(plane, matrix, a.shape[::-1], flags=cv2.WARP_INVERSE_MAP | how), np.float32)

    shown = _uneven(a) * laid(_uneven(b), cv2.INTER_NEAREST)
    if np.count_nonzero(shown) < max(_FEWEST, LEAST_OVERLAP * min(a.size, b.size)):
        return Likeness(0.0, np.inf)

    def around(plane: _Plane) -> _Plane:
        return _blurred(plane * shown, _WINDOW)

    ours = a.astype(np.float32)
    theirs = _toned(laid(b.astype(np.float32), cv2.INTER_LINEAR), ours, shown > 0)
    ours, theirs = _band(ours), _band(theirs)
    strengths = around(ours * ours), around(theirs * theirs)
    faint = _FAINT * around(np.ones_like(ours)) + np.finfo(np.float32).tiny
    correlation = around(ours * theirs) / (np.sqrt(strengths[0] * strengths[1]) + faint)
    theirs *= np.sqrt((strengths[0] + 0.1 * faint) / (strengths[1] + 0.1 * faint))

    middle = (ours + theirs) / 2
    right, down = (cv2.Sobel(middle, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    across, along, both = around(right * right), around(down * down), around(right * down)
    pulls = around(right * (ours - theirs)), around(down * (ours - theirs))
    least = 0.02 * (across + along) + 0.01 * faint  # Where nothing could be seen to move, nothing has.
    across, along = across + least, along + least
    moved = np.stack([along * pulls[0] - both * pulls[1], across * pulls[1] - both * pulls[0]])
    moved /= across * along - both * both + np.finfo(np.float32).tiny
    here = shown > 0
    some = np.argwhere(here[::_EACH, ::_EACH])
    return Likeness(
        float(np.median(correlation[here])), _shift(moved[:, ::_EACH, ::_EACH][:, some[:, 0], some[:, 1]].T, some)
    )


def _shift(moved: _Plane, places: npt.NDArray[np.int64]) -> float:
    """How far parts have moved against the whole, whose own remaining motion is affine: float32 and int [n, 2]."""
    places = np.column_stack([places, np.ones(len(places))])
    for _ in range(2):
        far = np.hypot(*moved.T)
        still = far <= np.percentile(far, _STILL + 10)
        whole = np.linalg.lstsq(places[still], moved[still], rcond=None)[0]
        moved = moved - places @ whole
    return float(np.percentile(np.hypot(*moved.T), _STILL))


def _toned(film: _Plane, like: _Plane, here: npt.NDArray[np.bool_]) -> _Plane:
    """A film in the tones of another that shows the same: each tone becomes the mean of what it lies on."""
    tones, wanted = film[here], like[here]
    cells = np.clip(tones * (_TONES / 256), 0, _TONES - 1).astype(np.intp)
    counts = np.bincount(cells, minlength=_TONES)
    common = counts >= 20
    if not common.any():
        return film
    means = [np.bincount(cells, values, minlength=_TONES)[common] / counts[common] for values in (tones, wanted)]
    return np.interp(film, means[0], means[1]).astype(np.float32)


def _band(plane: _Plane) -> _Plane:
    return _blurred(plane, _FINE[0]) - _blurred(plane, _FINE[1])


def _levelled(film: Gray) -> _Plane:
    band = _band(film.astype(np.float32))
    band /= np.sqrt(_blurred(band * band, _WINDOW) + _FAINT)
    return np.asarray(np.clip(band, -_STRONG, _STRONG) * _uneven(film), np.float32)


def _uneven(film: Gray) -> _Plane:
    """1 where a film shows something, 0 where it is even, beside that, and at the rim; so nothing is compared there."""
    within = np.ones((7, 7), np.uint8)
    even = (cv2.dilate(film, within) - cv2.erode(film, within)) <= _EVEN
    shown = np.pad(1 - even.astype(np.uint8), 1)
    return np.asarray(cv2.erode(shown, np.ones((13, 13), np.uint8))[1:-1, 1:-1], np.float32)


def _blurred(plane: _Plane, sigma: float) -> _Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
