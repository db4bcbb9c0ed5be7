"""uvicorn's HTTP protocol, with a bound on how long a client may take to send a request's header."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

#: For the whole header, from the connection or the header's first byte on. uvicorn waits for ever: its own clock runs
#: only while nothing comes at all.
SECONDS_TO_BEGIN: Final = 20.0


class PunctualProtocol(H11Protocol):
    """Closes a connection on which a request's header has not come in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock for the first header."""
        super().connection_made(transport)
        self._mind()

    def data_received(self, data: bytes) -> None:
        """Starts the clock for a later header, and stops it where the header is whole."""
        super().data_received(data)
        self._mind()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops it."""
        self._stop()
        super().connection_lost(exc)

    def _mind(self) -> None:
        if not self._is_waiting():
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(SECONDS_TO_BEGIN, self._look)

    def _is_waiting(self) -> bool:
        """Whether no request is being answered and uvicorn's clock between requests does not run."""
        cycle: Any = self.cycle
        return (cycle is None or cycle.response_complete) and self.timeout_keep_alive_task is None

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _look(self) -> None:
        if self._is_waiting() and not self.transport.is_closing():
            self.transport.close()
