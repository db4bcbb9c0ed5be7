"""uvicorn's HTTP protocol, with a bound on how long a client may take to send its first header."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

#: uvicorn waits for ever for the end of the first request's header.
SECONDS_TO_BEGIN: Final = 20.0


class PunctualProtocol(H11Protocol):
    """Closes a connection whose first request has not begun in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(SECONDS_TO_BEGIN, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops it."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        cycle: Any = self.cycle
        if cycle is None and not self.transport.is_closing():
            self.transport.close()
