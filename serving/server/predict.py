"""One request to one version, whatever protocol it came by."""

import heapq
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

import numpy as np

from serving.server.faults import invalid
from serving.server.film_header import film_size, scans
from serving.server.limits import Limits
from serving.server.sampler import Sampler
from serving.server.servable import Servable
from serving.server.work import Room

#: How many films of a request a served graph decodes at once (``parallel_iterations`` in trainer.preprocessing).
DECODED_AT_ONCE: Final = 8


class Predictor:
    """Runs requests within limits.

    Args:
        limits: bounds of one request, and of all that run at once.
        sampler: takes a share of what is answered; None to keep nothing.
    """

    def __init__(self, limits: Limits, sampler: Sampler | None = None) -> None:
        self._limits, self._sampler = limits, sampler
        self._decoding = Room(limits.decoding_pixels)

    def run(self, servable: Servable, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs of a signature for a request.

        Args:
            servable: the version.
            signature: its name.
            inputs: alias -> array, of the signature's types.

        Raises:
            Fault: No film or too many of them, a film that is too large, or what the graph says.
        """
        pixels = sum(self._pixels(alias, array) for alias, array in inputs.items())
        if pixels > self._limits.decoding_pixels:
            raise invalid(
                f"{pixels} pixels to decode at once; at most {self._limits.decoding_pixels} are: send fewer of the "
                "large films in one request"
            )
        with self._decoding.of(pixels):
            outputs = servable.run(signature, inputs)
        if self._sampler:
            self._sampler.take(servable.name, servable.version, inputs, outputs)
        return outputs

    def room_for_a_film(self) -> AbstractContextManager[None]:
        """Waits until a film of the largest size may be decoded beside what is, and holds its place."""
        return self._decoding.of(min(self._limits.film_pixels, self._limits.decoding_pixels))

    def _pixels(self, alias: str, array: np.ndarray) -> int:
        """How many pixels an input decodes to at once, at most."""
        if array.ndim == 0:
            # What map_fn says, before Python complains of the shape in other words.
            raise invalid("Tensor must be at least a vector, but saw shape: []")
        if not array.shape[0]:
            # The real server runs it, and with batching dies of it.
            raise invalid(f"{alias} is an empty list; send at least one film")
        if array.shape[0] > self._limits.rows:
            raise invalid(f"Task size {array.shape[0]} is larger than maximum input batch size {self._limits.rows}")
        if array.dtype != object:
            return 0
        sizes = (self._checked(alias, index, film) for index, film in enumerate(array.ravel()))
        return sum(heapq.nlargest(DECODED_AT_ONCE, sizes))

    def _checked(self, alias: str, index: int, film: bytes) -> int:
        size = film_size(film)
        if size is None:
            return 0
        most, side = self._limits.film_pixels, self._limits.film_side
        if size.decoded > most or max(size.width, size.height) > side:
            frames = "" if size.decoded == size.width * size.height else f", {size.decoded} pixels in all frames"
            raise invalid(
                f"{alias}[{index}] is a film of {size.width} x {size.height} px{frames}; at most {most} pixels and "
                f"{side} px on a side are read"
            )
        if (count := scans(film)) > self._limits.film_scans:
            raise invalid(f"{alias}[{index}] is a JPEG of {count} scans; at most {self._limits.film_scans} are read")
        return size.decoded
