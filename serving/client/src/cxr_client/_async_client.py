"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from types import TracebackType
from typing import Literal, TypeVar, overload

import httpx

from cxr_client._address import Address, Servable
from cxr_client._arguments import checked, headers_of, many, speaks_grpc
from cxr_client._errors import FilmError
from cxr_client._films import Film
from cxr_client._grpc import asyncio_grpc
from cxr_client._http import asyncio_rest
from cxr_client._options import LIMITS, RETRIES, TIMEOUT, TLS, Limits, Retries, Timeout, Tls
from cxr_client._results import Metadata, Prediction, VersionStatus
from cxr_client._session import Session, Stream

T = TypeVar("T")


class AsyncCxrClient:
    """`CxrClient` for asyncio: the same arguments, the same methods. Films are read and checked in threads.

    The requests of one call follow one another; calls run side by side (``asyncio.gather``).
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
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        address, servable = Address.parse(url), Servable(model, version, label)
        self._name = f"{type(self).__name__}({str(address)!r}, {servable})"
        common = (address, servable, headers_of(headers, api_key), timeout, limits, tls)
        wire = asyncio_grpc(*common) if speaks_grpc(address, transport) else asyncio_rest(*common, transport)
        self._session = Session(wire, _Asyncio(), timeout, retries, limits)

    def __repr__(self) -> str:
        return self._name

    @overload
    async def predict(
        self, films: Film | Iterable[Film], *, explain: bool = False, strict: Literal[True] = True
    ) -> list[Prediction]: ...

    @overload
    async def predict(
        self, films: Film | Iterable[Film], *, explain: bool = False, strict: bool
    ) -> list[Prediction | FilmError]: ...

    async def predict(
        self, films: Film | Iterable[Film], *, explain: bool = False, strict: bool = True
    ) -> list[Prediction] | list[Prediction | FilmError]:
        """As `CxrClient.predict`."""
        results = [found async for found in self.iter_predict(films, explain=explain)]
        return checked(results) if strict else results

    async def iter_predict(
        self, films: Film | Iterable[Film], *, explain: bool = False
    ) -> AsyncIterator[Prediction | FilmError]:
        """As `CxrClient.iter_predict`."""
        stream = Stream(self._session, many(films), explain=explain)
        while results := await stream.next():
            for found in results:
                yield found

    async def status(self) -> list[VersionStatus]:
        """As `CxrClient.status`."""
        return await self._session.status()

    async def metadata(self) -> Metadata:
        """As `CxrClient.metadata`."""
        return await self._session.metadata()

    async def wait_ready(self, seconds: float = 60.0) -> Metadata:
        """As `CxrClient.wait_ready`."""
        return await self._session.wait_ready(seconds)

    async def close(self) -> None:
        """Closes the connection."""
        await self._session.wire.close()

    async def __aenter__(self) -> "AsyncCxrClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Asyncio:
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def aside(self, function: Callable[[], T]) -> T:
        return await asyncio.to_thread(function)
