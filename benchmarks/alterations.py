"""Copies of a film as they come about: encoded, scaled, cropped, bordered, toned, marked, turned."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Gray = npt.NDArray[np.uint8]
Rng = np.random.Generator
Alter = Callable[[Gray, Rng], Gray]

#: Longest side of what is scaled up, in pixels; more is not published.
_LONGEST: Final = 3000


@dataclass(frozen=True)
class Kind:
    """A way to make a copy.

    Attributes:
        alter: What happens to the grey levels, uint8 [height, width] in and out.
        quality: Of the JPEG that comes of it, from and to; None: PNG.
        mode: Pillow's mode of the file.
        promised: Whether such copies are to be found; the others are measured to say how far it goes.
        twice: The film itself is altered too, by other random numbers, so two copies of a third film are compared.
    """

    alter: Alter
    quality: tuple[int, int] | None = None
    mode: Literal["L", "RGB"] = "L"
    promised: bool = True
    twice: bool = False

    def copy(self, gray: Gray, rng: Rng) -> bytes:
        """The file of a copy."""
        image = Image.fromarray(self.alter(gray, rng)).convert(self.mode)
        stream = io.BytesIO()
        if self.quality:
            image.save(stream, "JPEG", quality=int(rng.integers(self.quality[0], self.quality[1] + 1)))
        else:
            image.save(stream, "PNG", compress_level=1)
        return stream.getvalue()


def gray_of(data: bytes) -> Gray:
    """A film's grey levels at full size."""
    with Image.open(io.BytesIO(data)) as film:
        return np.asarray((film if film.mode == "L" else film.convert("RGB")).convert("L"))


def _as_it_is(gray: Gray, rng: Rng) -> Gray:
    return gray


def _scaled(low: float, high: float, aspect: float = 0.0) -> Alter:
    def alter(gray: Gray, rng: Rng) -> Gray:
        height, width = gray.shape
        scale = min(rng.uniform(low, high), max(1.0, _LONGEST / max(gray.shape)))
        stretch = 1 + rng.uniform(-aspect, aspect)
        size = max(1, round(width * scale)), max(1, round(height * scale * stretch))
        return np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BICUBIC))

    return alter


def _cropped(low: float, high: float) -> Alter:
    def alter(gray: Gray, rng: Rng) -> Gray:
        height, width = gray.shape
        left, right, top, bottom = rng.uniform(low, high, 4) * (width, width, height, height)
        return gray[int(top) : height - int(bottom), int(left) : width - int(right)]

    return alter


def _cropped_at_one_side(gray: Gray, rng: Rng) -> Gray:
    turns = int(rng.integers(4))
    turned = np.rot90(gray, turns)
    return np.ascontiguousarray(np.rot90(turned[int(0.2 * len(turned)) :], -turns))


def _bordered(most: float) -> Alter:
    def alter(gray: Gray, rng: Rng) -> Gray:
        height, width = gray.shape
        left, right, top, bottom = (rng.uniform(0, most, 4) * (width, width, height, height)).astype(int).tolist()
        level = int(rng.choice([0, 255]))
        return np.asarray(
            cv2.copyMakeBorder(gray, top, bottom, left, right, cv2.BORDER_CONSTANT, value=level), np.uint8
        )

    return alter


def _letterboxed(gray: Gray, rng: Rng) -> Gray:
    """On a black square; a film that is one already on a lying rectangle."""
    height, width = gray.shape
    side = max(height, width)
    across, down = side - width or side // 3, side - height
    return np.asarray(
        cv2.copyMakeBorder(gray, down // 2, down - down // 2, across // 2, across - across // 2, 0), np.uint8
    )


def _gamma(low: float, high: float) -> Alter:
    def alter(gray: Gray, rng: Rng) -> Gray:
        power = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        return np.rint(255 * (np.arange(256) / 255) ** power).astype(np.uint8)[gray]

    return alter


def _contrast(gray: Gray, rng: Rng) -> Gray:
    levels = (np.arange(256) - 128) * rng.uniform(0.6, 1.4) + 128 + rng.uniform(-30, 30)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[gray]


def _equalised(gray: Gray, rng: Rng) -> Gray:
    return np.asarray(cv2.createCLAHE(2, (8, 8)).apply(gray), np.uint8)


def _inverted(gray: Gray, rng: Rng) -> Gray:
    return 255 - gray


def _marked(gray: Gray, rng: Rng) -> Gray:
    """A line of text over a third of the width, and an arrow."""
    height, width = gray.shape
    film, unit = gray.copy(), height / 512
    place = int(width * rng.uniform(0.05, 0.4)), int(height * rng.uniform(0.1, 0.95))
    cv2.putText(film, "PORTABLE ERECT", place, cv2.FONT_HERSHEY_SIMPLEX, 1.2 * unit, 255, max(1, int(2 * unit)))
    x, y = int(width * rng.uniform(0.3, 0.6)), int(height * rng.uniform(0.3, 0.6))
    cv2.arrowedLine(film, (x, y), (x + width // 10, y + height // 10), 255, max(2, int(4 * unit)))
    return film


def _turned(low: float, high: float) -> Alter:
    def alter(gray: Gray, rng: Rng) -> Gray:
        height, width = gray.shape
        angle = float(rng.uniform(low, high) * rng.choice([-1, 1]))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        return np.asarray(cv2.warpAffine(gray, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)

    return alter


def _flipped(gray: Gray, rng: Rng) -> Gray:
    return np.ascontiguousarray(gray[:, ::-1])


def _one_after_another(*steps: Alter) -> Alter:
    def alter(gray: Gray, rng: Rng) -> Gray:
        for step in steps:
            gray = step(gray, rng)
        return gray

    return alter


_CROPPED_AND_SCALED: Final = _one_after_another(_cropped(0, 0.2), _scaled(0.3, 1))
_ALL: Final = _one_after_another(_cropped(0, 0.15), _scaled(0.3, 1), _gamma(0.7, 1.4), _bordered(0.1))

KINDS: Final[Mapping[str, Kind]] = {
    "PNG, RGB": Kind(_as_it_is, mode="RGB"),
    "JPEG, quality 60": Kind(_as_it_is, quality=(60, 60)),
    "JPEG, quality 30": Kind(_as_it_is, quality=(30, 30)),
    "scaled by 1.2 to 2": Kind(_scaled(1.2, 2)),
    "scaled by 0.3 to 0.6": Kind(_scaled(0.3, 0.6)),
    "scaled by 0.3": Kind(_scaled(0.3, 0.3)),
    "aspect changed by up to 10 %": Kind(_scaled(0.6, 1, aspect=0.1)),
    "cropped by 20 % at one side": Kind(_cropped_at_one_side),
    "cropped by 0 to 20 % at each side": Kind(_cropped(0, 0.2)),
    "cropped by 20 % at each side": Kind(_cropped(0.2, 0.2)),
    "two crops by 0 to 20 % at each side": Kind(_cropped(0, 0.2), twice=True),
    "borders of 0 to 20 % at each side": Kind(_bordered(0.2)),
    "letterboxed": Kind(_letterboxed),
    "cropped, scaled, JPEG 30 to 70, RGB": Kind(_CROPPED_AND_SCALED, quality=(30, 70), mode="RGB"),
    "brightness and contrast": Kind(_contrast),
    "gamma 0.6 to 1.6": Kind(_gamma(0.6, 1.6)),
    "text and arrow burnt in": Kind(_marked),
    "cropped, scaled, gamma, borders, JPEG 30 to 70": Kind(_ALL, quality=(30, 70)),
    "turned by 2 to 5 degrees": Kind(_turned(2, 5), promised=False),
    "turned by 10 to 20 degrees": Kind(_turned(10, 20), promised=False),
    "flipped left to right": Kind(_flipped, promised=False),
    "contrast limited equalisation (CLAHE)": Kind(_equalised, promised=False),
    "cropped by 30 % at each side": Kind(_cropped(0.3, 0.3), promised=False),
    "scaled by 0.15": Kind(_scaled(0.15, 0.15), promised=False),
    "JPEG, quality 10": Kind(_as_it_is, quality=(10, 10), promised=False),
    "inverted": Kind(_inverted, promised=False),
}
