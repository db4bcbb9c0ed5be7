"""HTTP by httpx, waiting for itself alone or letting others go on."""

import asyncio
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from cxr_client._address import Address, Servable
from cxr_client._causes import server_error
from cxr_client._errors import DeadlineError, ReplyError, UnavailableError
from cxr_client._options import Limits, Timeout, Tls
from cxr_client._rest import RestWire

_PIECE: Final = 1 << 16  # bytes of a request between two looks at the clock


def blocking_rest(
    address: Address,
    servable: Servable,
    headers: Mapping[str, str],
    timeout: Timeout,
    limits: Limits,
    tls: Tls,
    transport: httpx.BaseTransport | None,
) -> RestWire:
    """A wire whose methods return without ever waiting for an event loop."""
    client = httpx.Client(base_url=str(address), headers=headers, verify=_trust(address, tls), transport=transport)

    async def exchange(method: str, path: str, body: bytes | None, seconds: float) -> tuple[int, bytes]:
        end = time.monotonic() + seconds

        def in_time(pieces: Iterable[bytes]) -> Iterator[bytes]:
            for piece in pieces:
                yield piece
                if time.monotonic() > end:  # httpx counts the silence between two pieces, not the whole
                    raise httpx.ReadTimeout("on and on")

        sent = None if body is None else in_time(body[at : at + _PIECE] for at in range(0, len(body), _PIECE))
        with (
            _faults(address, seconds),
            client.stream(method, path, content=sent, **_request(body, seconds, timeout)) as response,
        ):
            content = bytearray()
            for chunk in in_time(response.iter_bytes()):
                _extend(content, chunk, limits)
            return response.status_code, bytes(content)

    async def close() -> None:
        client.close()

    return RestWire(servable, exchange, close)


def asyncio_rest(
    address: Address,
    servable: Servable,
    headers: Mapping[str, str],
    timeout: Timeout,
    limits: Limits,
    tls: Tls,
    transport: httpx.AsyncBaseTransport | None,
) -> RestWire:
    """A wire for asyncio."""
    client = httpx.AsyncClient(base_url=str(address), headers=headers, verify=_trust(address, tls), transport=transport)

    async def receive(method: str, path: str, body: bytes | None, seconds: float) -> tuple[int, bytes]:
        async with client.stream(method, path, content=body, **_request(body, seconds, timeout)) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                _extend(content, chunk, limits)
            return response.status_code, bytes(content)

    async def exchange(method: str, path: str, body: bytes | None, seconds: float) -> tuple[int, bytes]:
        with _faults(address, seconds):
            return await asyncio.wait_for(receive(method, path, body, seconds), seconds)

    return RestWire(servable, exchange, client.aclose)


def _request(body: bytes | None, seconds: float, timeout: Timeout) -> dict[str, Any]:
    headers = {} if body is None else {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return {"headers": headers, "timeout": httpx.Timeout(seconds, connect=min(timeout.connect, seconds))}


def _extend(content: bytearray, chunk: bytes, limits: Limits) -> None:
    content += chunk
    if len(content) > limits.reply_bytes:
        raise ReplyError(f"the reply is larger than Limits(reply_bytes={limits.reply_bytes})", cause="reply_size")


def _trust(address: Address, tls: Tls) -> ssl.SSLContext | bool:
    return tls.context() if address.is_secure and tls != Tls() else True


@contextmanager
def _faults(address: Address, seconds: float) -> Iterator[None]:
    """Turns httpx's exceptions into the client's."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise UnavailableError(
            f"no connection to {address} in time; check the URL, or raise Timeout.connect"
        ) from error
    except (httpx.TimeoutException, asyncio.TimeoutError) as error:
        raise DeadlineError(f"no answer within {seconds:.3g} s; raise Timeout.attempt") from error
    except (httpx.NetworkError, httpx.ProtocolError, httpx.ProxyError) as error:
        # A try that was cut off may have been answered; asking again changes nothing on the server.
        raise server_error(UnavailableError, "", f"{address}: {error}") from error
    except httpx.HTTPError as error:
        raise ReplyError(f"the reply cannot be read: {error}") from error
