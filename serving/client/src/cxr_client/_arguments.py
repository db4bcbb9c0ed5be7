"""What a caller gives a client, and what is given back, brought into shape."""

import os
from collections.abc import Iterable, Mapping

import numpy as np
from PIL import Image

from cxr_client._address import Address
from cxr_client._errors import FilmErrors, UsageError
from cxr_client._films import Film
from cxr_client._results import Prediction
from cxr_client._session import Result


def many(films: Film | Iterable[Film]) -> Iterable[Film]:
    """One film as a list. Texts, bytes and arrays can be iterated over too, and what comes out are no films."""
    return [films] if isinstance(films, str | os.PathLike | bytes | Image.Image | np.ndarray) else films


def checked(results: list[Result]) -> list[Prediction]:
    """The results if all are predictions.

    Raises:
        FilmErrors: They are not.
    """
    predictions = [found for found in results if isinstance(found, Prediction)]
    if len(predictions) < len(results):
        raise FilmErrors(results)
    return predictions


def headers_of(headers: Mapping[str, str] | None, api_key: str | None) -> dict[str, str]:
    """The headers of every request.

    Raises:
        UsageError: A value that HTTP and gRPC cannot carry; the message does not show it.
    """
    every = {**(headers or {}), **({} if api_key is None else {"x-api-key": api_key})}
    for name, value in every.items():
        if not (value.isascii() and value.isprintable()):
            raise UsageError(f"header {name!r} holds letters that a header cannot; give printable ASCII")
    return every


def speaks_grpc(address: Address, transport: object) -> bool:
    """Whether the address is of gRPC, which no transport of httpx carries.

    Raises:
        UsageError: There is such a transport nevertheless.
    """
    if address.is_grpc and transport is not None:
        raise UsageError(f"a transport of httpx cannot carry {address.scheme}://; give an http:// URL")
    return address.is_grpc
