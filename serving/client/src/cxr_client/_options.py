"""How long to wait, how often to try again, how much to send at once, and whom to trust."""

import random
import ssl
from dataclasses import dataclass
from pathlib import Path

from cxr_client._errors import UsageError


@dataclass(frozen=True)
class Timeout:
    """Deadlines in seconds.

    Attributes:
        connect: until a connection stands; a part of `attempt`.
        attempt: of one try of one request. The first explanation of a large network that was not warmed up takes half
            a minute.
        total: of one call of a method, whatever it sends and however often; None leaves it to `attempt` and `Retries`.
            An iterator's time counts from its first film, the caller's own work between films included.
    """

    connect: float = 5.0
    attempt: float = 60.0
    total: float | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not value > 0:
                raise UsageError(f"Timeout({name}={value}) is not above 0 seconds")


@dataclass(frozen=True)
class Retries:
    """Tries of one request that found nobody, or a server that is too busy. No other fault is worth a second try.

    The pauses double from `base` to `cap`, and each is drawn between nothing and that: clients that failed together do
    not come back together (Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015, "full jitter").

    Attributes:
        attempts: tries in all; 1 never asks again.
        base: the longest first pause, seconds.
        cap: the longest pause, seconds.
    """

    attempts: int = 4
    base: float = 0.25
    cap: float = 8.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise UsageError(f"Retries(attempts={self.attempts}) is below 1, the first try; 1 never asks again")
        if not 0 <= self.base <= self.cap:
            raise UsageError(f"Retries(base={self.base}, cap={self.cap}) does not rise from base >= 0 to cap")

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures, 1 or more, in a row."""
        return random.uniform(0, min(self.cap, self.base * 2.0 ** min(failures - 1, 60)))


@dataclass(frozen=True)
class Limits:
    """How much goes into one request, and how much may come back.

    Attributes:
        films_per_request: at most; a server that takes fewer at once says so and is then sent fewer.
        bytes_per_request: of films at most, before REST adds a third for base64. A larger film goes alone, and the
            server says whether it is too large.
        reply_bytes: at most of one reply; gRPC itself would stop at 4 MiB.
    """

    films_per_request: int = 8
    bytes_per_request: int = 16 << 20
    reply_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise UsageError(f"Limits({name}={value}) is below 1")


@dataclass(frozen=True)
class Tls:
    """Certificates for https and grpcs, as PEM files.

    Attributes:
        authorities: of the authorities to trust in place of the well-known ones, for a certificate of one's own.
        certificate: of this client, where the server asks for one; with `key`.
        key: of that certificate, without a pass phrase.
    """

    authorities: Path | str | None = None
    certificate: Path | str | None = None
    key: Path | str | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise UsageError("Tls takes certificate and key together, or neither")
        for name, file in vars(self).items():
            if file is not None and not Path(file).is_file():
                raise UsageError(f"Tls({name}={str(file)!r}) is not a file; give a PEM file")

    def context(self) -> ssl.SSLContext:
        """What Python's own TLS makes of the files.

        Raises:
            UsageError: It can make nothing of one.
        """
        try:
            context = ssl.create_default_context(cafile=self.authorities)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except ssl.SSLError as error:
            given = ", ".join(f"{name}={str(file)!r}" for name, file in vars(self).items() if file is not None)
            raise UsageError(f"Tls({given}) cannot be used ({error.reason}); give PEM files") from error
        return context


#: What a client does unless told otherwise.
TIMEOUT, RETRIES, LIMITS, TLS = Timeout(), Retries(), Limits(), Tls()
