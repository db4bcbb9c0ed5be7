"""What a running server says of a model's versions: GET /v1/models/NAME, as TF Serving answers it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from trainer.errors import RunError, UsageError

AVAILABLE = "AVAILABLE"


@dataclass(frozen=True)
class Server:
    """A server's REST port.

    Attributes:
        url: ``http://host:8501`` for instance.
        api_key: for a proxy that asks for one, in the header ``x-api-key``.
        ca_cert: PEM file of the authority that its certificate is from, in place of the well-known ones.
    """

    url: str
    api_key: str | None = field(default=None, repr=False)
    ca_cert: str | None = None


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


def status_of(server: Server, name: str, transport: httpx.BaseTransport | None = None) -> ServerStatus:
    """Asks a server.

    Args:
        server: which, and what it is to be shown.
        name: the model's.
        transport: in place of the network.

    Raises:
        UsageError: The address, the key or the file is none.
        RunError: The server does not answer, wants another key, or does not know the model.
    """
    if not server.url.startswith(("http://", "https://")):
        raise UsageError(f"server '{server.url}' is no address of a REST port; give http://HOST:8501")
    url = f"{server.url.rstrip('/')}/v1/models/{name}"
    try:
        with httpx.Client(transport=transport, timeout=10.0, headers=_header(server), verify=_trust(server)) as client:
            reply = client.get(url)
        said = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
        advice = "name its authority's file in CXR_CA_CERT" if untrusted else "check the address, and that it runs"
        raise RunError(f"server {server.url} does not answer ({error or type(error).__name__}); {advice}") from error
    except ValueError as error:
        raise RunError(f"{url} answers {reply.status_code}, but no JSON; is it TF Serving's REST port?") from error
    if not isinstance(said, dict) or reply.status_code != 200:
        why = said.get("error", "without a reason") if isinstance(said, dict) else "with no object"
        advice = "check the model's name and the server's config"
        if reply.status_code == httpx.codes.UNAUTHORIZED:
            advice = "give the key in CXR_API_KEY"
        raise RunError(f"{url} answers {reply.status_code}: {why}; {advice}")
    states: list[dict[str, Any]] = said.get("model_version_status", [])
    return ServerStatus(
        states={int(state["version"]): str(state["state"]) for state in states},
        errors={
            int(state["version"]): message
            for state in states
            if state["state"] != AVAILABLE and (message := state.get("status", {}).get("error_message"))
        },
    )


def _header(server: Server) -> dict[str, str]:
    if not server.api_key:
        return {}
    if not (server.api_key.isascii() and server.api_key.isprintable()):
        raise UsageError("the API key holds letters that a header cannot; give printable ASCII in CXR_API_KEY")
    return {"x-api-key": server.api_key}


def _trust(server: Server) -> ssl.SSLContext | bool:
    try:
        return ssl.create_default_context(cafile=server.ca_cert) if server.ca_cert else True
    except OSError as error:  # SSLError is one
        raise UsageError(
            f"CXR_CA_CERT '{server.ca_cert}' cannot be used ({error.strerror}); give a PEM file"
        ) from error
