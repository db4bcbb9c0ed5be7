"""The body of an HTTP request, bounded while it comes in."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from starlette.requests import ClientDisconnect, Request

from serving.server.faults import Fault, invalid
from serving.server.limits import Limits


class Bodies:
    """All bodies that are in memory."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[bytearray]:
        """The body of a request, unpacked where it came as gzip; it counts as held until the block ends.

        Raises:
            Fault: It is too large (413), too slow (408), broken, or there are too many of them (503).
        """
        body = bytearray()
        try:
            await self._read_in_time(request, body)
            yield body
        finally:
            self._held -= len(body)

    async def _read_in_time(self, request: Request, body: bytearray) -> None:
        seconds = self._limits.seconds_to_send
        try:
            await asyncio.wait_for(self._read(request, body), seconds)
        except asyncio.TimeoutError as error:
            message = f"the body did not come within {seconds:g} s; try again"
            raise Fault(grpc.StatusCode.DEADLINE_EXCEEDED, message, 408) from error

    async def _read(self, request: Request, body: bytearray) -> None:
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._limits.body_bytes:
            raise self._too_large()
        packing = request.headers.get("content-encoding", "identity").lower()
        if packing not in ("identity", "gzip"):
            raise Fault(grpc.StatusCode.INVALID_ARGUMENT, f"Content-Encoding {packing}; gzip or none is read", 415)
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packing == "gzip" else None
        try:
            async for chunk in request.stream():
                # One byte more than there may be tells a body that is too large.
                self._hold(body, unpacker.decompress(chunk, self._left(body) + 1) if unpacker else chunk)
        except zlib.error as error:
            raise invalid(f"the body is no gzip: {error}") from error
        except ClientDisconnect as error:
            raise Fault(grpc.StatusCode.CANCELLED, "the client has gone", 400) from error
        if unpacker and not unpacker.eof:
            raise invalid("the body is no gzip: it is cut off")

    def _left(self, body: bytearray) -> int:
        return self._limits.body_bytes - len(body)

    def _hold(self, body: bytearray, chunk: bytes) -> None:
        if len(chunk) > self._left(body):
            raise self._too_large()
        if self._held + len(chunk) > self._limits.bodies_bytes:
            message = f"other requests hold {self._held} bytes; at most {self._limits.bodies_bytes} are: try again"
            raise Fault(grpc.StatusCode.UNAVAILABLE, message)
        body += chunk
        self._held += len(chunk)

    def _too_large(self) -> Fault:
        message = f"the body is larger than {self._limits.body_bytes} bytes; send fewer films in one request"
        return Fault(grpc.StatusCode.INVALID_ARGUMENT, message, 413)
