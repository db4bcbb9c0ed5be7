"""The ports that the server listens on, taken before anything slow happens."""

import ipaddress
import os
import socket
from contextlib import closing

from trainer.errors import UsageError


def listen(host: str, port: int, option: str) -> socket.socket:
    """A listening socket.

    Args:
        host: name or address.
        port: 0 for any that is free.
        option: of the command line, for the message.

    Raises:
        UsageError: The port is in use or may not be taken, or the host is none of this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        # asyncio and Python put more into strerror; an unknown host has a number of its own, and no text for it.
        reason = str(error) if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise UsageError(f"cannot listen on {address(host, port)} ({reason}); choose another with {option}") from error


def check_free(host: str, port: int, option: str) -> None:
    """Says at once what gRPC would say later, and in more words.

    Raises:
        UsageError: As :func:`listen`.
    """
    with closing(listen(host, port, option)):
        pass


def address(host: str, port: int) -> str:
    """``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_own(host: str) -> bool:
    """Whether only this machine reaches what listens on a host, by name or address."""
    found = socket.getaddrinfo(host, None)
    return all(ipaddress.ip_address(str(where[0]).partition("%")[0]).is_loopback for *_, where in found)
