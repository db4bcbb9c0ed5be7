"""What one request may cost. The real server has almost none of these bounds; a proxy in front of it must set them."""

import os
from dataclasses import dataclass, field
from typing import Final

from trainer.film_size import MAX_PIXELS

#: Films that are computed together: ``max_batch_size`` of ``serving/config/batching.config``.
MOST_FILMS: Final = 8


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Limits:
    """Bounds that keep memory and time finite whatever a client sends.

    Attributes:
        body_bytes: of one request, over HTTP or gRPC, unpacked where it came compressed.
        bodies_bytes: of all HTTP bodies that are held at once.
        json_parts: objects, lists and commas in one JSON body; each costs up to 250 bytes once it is parsed.
        rows: films in one request; what a batching server calls its maximum batch size. More than ``MOST_FILMS`` are
            computed by themselves.
        film_pixels: of one film.
        film_scans: of one JPEG; a progressive one is decoded once per scan, and libjpeg's own have 10.
        film_side: longest side of a film in pixels; of a strip the resize would take as long as of a whole film.
        decoding_pixels: of films that are decoded at once, over all requests. Up to 8 bytes each: 1.3 GB.
        threads: requests that are read, computed and answered at once: those of a batch, and those of the next.
        waiting: requests that run or wait for a thread. The real server has 4 threads per core, and refuses more.
        connections: of HTTP, open at once.
        seconds_to_send: from the first byte of a request to its last.
        seconds_to_answer: of an HTTP request once it is there; the real server's ``--rest_api_timeout_in_ms``.
    """

    body_bytes: int = 64 << 20
    bodies_bytes: int = 256 << 20
    json_parts: int = 1_000_000
    rows: int = 64
    film_pixels: int = MAX_PIXELS
    film_side: int = 20_000
    film_scans: int = 100
    decoding_pixels: int = 160_000_000
    threads: int = 2 * MOST_FILMS
    waiting: int = field(default_factory=lambda: max(16, 4 * _cores()))
    connections: int = 256
    seconds_to_send: float = 60.0
    seconds_to_answer: float = 30.0
