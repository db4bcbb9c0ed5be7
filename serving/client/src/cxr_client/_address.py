"""Where a server is, and which of its models is meant."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from cxr_client._errors import UsageError

#: Scheme -> port where the URL has none. TF Serving itself listens on 8500 for gRPC and 8501 for REST.
_PORTS = {"http": 80, "https": 443, "grpc": 8500, "grpcs": 443}


@dataclass(frozen=True)
class Address:
    """A server's address, from its URL.

    Attributes:
        scheme: ``http``, ``https``, ``grpc`` or ``grpcs``.
        host: IPv6 in brackets.
        port: of the scheme where the URL has none.
        prefix: path in front of ``/v1``, without a slash at its end; empty for gRPC.
    """

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def is_grpc(self) -> bool:
        """Whether gRPC is spoken there; else REST."""
        return self.scheme.startswith("grpc")

    @property
    def is_secure(self) -> bool:
        """Whether TLS is."""
        return self.scheme.endswith("s")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.prefix}"

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Reads a URL.

        Raises:
            UsageError: Another scheme, no host, or parts that have no place in it.
        """
        example = "give for instance https://host/ or grpc://host:8500"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UsageError(f"URL {url!r}: {error}; {example}") from None
        if parts.username is not None or parts.password is not None:
            raise UsageError("the URL holds a name or a password; give api_key or headers to the client")
        if parts.scheme not in _PORTS or not parts.hostname:
            raise UsageError(
                f"URL {url!r} is not one of {', '.join(f'{scheme}://host' for scheme in _PORTS)}; {example}"
            )
        prefix = parts.path.rstrip("/")
        if parts.query or parts.fragment or (prefix and parts.scheme.startswith("grpc")):
            raise UsageError(f"URL {url!r} has more than a host and a port; {example}")
        if prefix.endswith("/v1") or "/v1/" in prefix:
            raise UsageError(
                f"URL {url!r} goes down to a model; give what stands before /v1, and the model's name as model"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, prefix)


@dataclass(frozen=True)
class Servable:
    """One model of a server; its newest version unless a version or a label is named."""

    name: str
    version: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise UsageError("the model has no name; give model='cxr', or as serving.model_name says")
        if self.version is not None and self.label is not None:
            raise UsageError(f"version {self.version} and label {self.label!r} are given; give one of the two")
        if self.version is not None and (isinstance(self.version, bool) or not 0 <= self.version < 1 << 63):
            raise UsageError(f"version {self.version!r} is not a number that a version can have")

    def __str__(self) -> str:
        which = f" version {self.version}" if self.version is not None else ""
        return f"model {self.name!r}{which}" + (f" label {self.label!r}" if self.label is not None else "")

    @property
    def path(self) -> str:
        """Of its REST resource, from ``/v1`` on."""
        path = f"/v1/models/{quote(self.name, safe='')}"
        if self.version is not None:
            return f"{path}/versions/{self.version}"
        return path if self.label is None else f"{path}/labels/{quote(self.label, safe='')}"
