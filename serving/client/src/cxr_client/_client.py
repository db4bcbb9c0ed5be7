"""The client that waits."""

import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, TypeVar, overload

import httpx

from cxr_client._address import Address, Servable
from cxr_client._arguments import checked, headers_of, many, speaks_grpc
from cxr_client._errors import FilmError
from cxr_client._films import Film
from cxr_client._grpc import blocking_grpc
from cxr_client._http import blocking_rest
from cxr_client._options import LIMITS, RETRIES, TIMEOUT, TLS, Limits, Retries, Timeout, Tls
from cxr_client._results import Metadata, Prediction, VersionStatus
from cxr_client._session import Session, Stream

T = TypeVar("T")


class CxrClient:
    """Asks a served model about films. Threads may share it; close it, or use it in a ``with`` statement.

    Args:
        url: ``http://``, ``https://``, ``grpc://`` or ``grpcs://``, host, port and, for REST behind a proxy, a path.
        model: its name on the server.
        version: a number; without it, and without a label, the newest that is served.
        label: such as ``stable`` or ``canary``.
        api_key: sent as header ``x-api-key``.
        headers: of every request, for other ways to identify oneself.
        timeout: deadlines.
        retries: of a request that found nobody.
        limits: of one request.
        tls: certificates.
        transport: of httpx, in place of the network; REST only.

    Raises:
        UsageError: A URL, name or option that makes no sense.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str = "cxr",
        version: int | None = None,
        label: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: Timeout = TIMEOUT,
        retries: Retries = RETRIES,
        limits: Limits = LIMITS,
        tls: Tls = TLS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        address, servable = Address.parse(url), Servable(model, version, label)
        self._name = f"{type(self).__name__}({str(address)!r}, {servable})"
        common = (address, servable, headers_of(headers, api_key), timeout, limits, tls)
        wire = blocking_grpc(*common) if speaks_grpc(address, transport) else blocking_rest(*common, transport)
        self._session = Session(wire, _Blocking(), timeout, retries, limits)

    def __repr__(self) -> str:
        return self._name

    @overload
    def predict(
        self, films: Film | Iterable[Film], *, explain: bool = False, strict: Literal[True] = True
    ) -> list[Prediction]: ...

    @overload
    def predict(
        self, films: Film | Iterable[Film], *, explain: bool = False, strict: bool
    ) -> list[Prediction | FilmError]: ...

    def predict(
        self, films: Film | Iterable[Film], *, explain: bool = False, strict: bool = True
    ) -> list[Prediction] | list[Prediction | FilmError]:
        """Asks about films: as many requests as they take, in order.

        Args:
            films: one or many: paths, files' contents, PIL images, numpy arrays [height, width]; DICOM files too.
            explain: whether to ask for heat maps.
            strict: whether films without an answer end in an exception, after all others were asked about; else each
                stands in the results as its `FilmError`.

        Returns:
            One result per film, in their order.

        Raises:
            FilmErrors: Some films got no answer; what the others got is in it.
            ServerError: No answer at all, see its subclasses.
        """
        results = list(self.iter_predict(films, explain=explain))
        return checked(results) if strict else results

    def iter_predict(self, films: Film | Iterable[Film], *, explain: bool = False) -> Iterator[Prediction | FilmError]:
        """Asks about films as their results are taken, for more of them than memory holds.

        Args:
            films: as for `predict`; an iterator is read no more than one request ahead.
            explain: whether to ask for heat maps.

        Yields:
            One result per film, in their order: a prediction, or the film's error.

        Raises:
            ServerError: No answer at all; what has been yielded stays valid.
        """
        stream = Stream(self._session, many(films), explain=explain)
        while results := _run(stream.next()):
            yield from results

    def status(self) -> list[VersionStatus]:
        """The versions that the server has or had, newest first; all of them if the client asks by label."""
        return _run(self._session.status())

    def metadata(self) -> Metadata:
        """What the model can be asked."""
        return _run(self._session.metadata())

    def wait_ready(self, seconds: float = 60.0) -> Metadata:
        """Waits until the model answers.

        Raises:
            DeadlineError: It does not; the message says what the server says of its versions.
        """
        return _run(self._session.wait_ready(seconds))

    def close(self) -> None:
        """Closes the connection."""
        _run(self._session.wire.close())

    def __enter__(self) -> "CxrClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Blocking:
    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def aside(self, function: Callable[[], T]) -> T:
        return function()


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits for an event loop: its first step is its last."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a blocking wire has waited for an event loop")
