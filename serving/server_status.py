"""What a running server says of a model's versions: GET /v1/models/NAME, as TF Serving answers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from trainer.errors import RunError, UsageError

AVAILABLE = "AVAILABLE"


@dataclass(frozen=True)
class ServerStatus:
    """A model on a server.

    Attributes:
        states: version -> AVAILABLE, LOADING, END, ...; a server remembers versions for as long as it runs.
        errors: version -> why it does not answer. One that was taken out of service has none.
    """

    states: Mapping[int, str]
    errors: Mapping[int, str]

    @property
    def available(self) -> frozenset[int]:
        """The versions that answer."""
        return frozenset(number for number, state in self.states.items() if state == AVAILABLE)


def status_of(server: str, name: str, transport: httpx.BaseTransport | None = None) -> ServerStatus:
    """Asks a server.

    Args:
        server: its address, ``http://host:8501`` for instance.
        name: the model's.
        transport: in place of the network.

    Raises:
        UsageError: The address is none.
        RunError: The server does not answer, or does not know the model.
    """
    if not server.startswith(("http://", "https://")):
        raise UsageError(f"server '{server}' is no address of a REST port; give http://HOST:8501")
    url = f"{server.rstrip('/')}/v1/models/{name}"
    try:
        with httpx.Client(transport=transport, timeout=10.0) as client:
            reply = client.get(url)
        said = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RunError(
            f"server {server} does not answer ({error or type(error).__name__}); check the address, and that it runs"
        ) from error
    except ValueError as error:
        raise RunError(f"{url} answers {reply.status_code}, but no JSON; is it TF Serving's REST port?") from error
    if not isinstance(said, dict) or reply.status_code != 200:
        why = said.get("error", "without a reason") if isinstance(said, dict) else "with no object"
        raise RunError(f"{url} answers {reply.status_code}: {why}; check the model's name and the server's config")
    states: list[dict[str, Any]] = said.get("model_version_status", [])
    return ServerStatus(
        states={int(state["version"]): str(state["state"]) for state in states},
        errors={
            int(state["version"]): message
            for state in states
            if state["state"] != AVAILABLE and (message := state.get("status", {}).get("error_message"))
        },
    )
