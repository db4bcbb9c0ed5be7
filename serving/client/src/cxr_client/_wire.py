"""What both protocols can do, each over a connection that waits in one of two ways."""

from collections.abc import Sequence
from typing import Protocol

from cxr_client._replies import Reply
from cxr_client._results import Metadata, VersionStatus


class Wire(Protocol):
    """A served model behind a protocol. Every method takes the seconds that it may last and raises `ServerError`."""

    async def predict(self, films: Sequence[bytes], signature: str, seconds: float) -> Reply:
        """Asks for one row per film, of which there is at least one: an empty batch kills a server that batches."""

    async def status(self, seconds: float) -> list[VersionStatus]:
        """Asks for the state of the versions."""

    async def metadata(self, seconds: float) -> Metadata:
        """Asks for the signatures."""

    async def close(self) -> None:
        """Closes the connection."""
