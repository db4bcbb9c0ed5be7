"""TF Serving's REST protocol.

Films go in its row form, ``{"instances": [{"image_bytes": {"b64": ...}}, ...]}``: the reply then has one object per
film, and not the blanks of the other, columnar form, which make it twice as long.

Source: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from cxr_client._address import Servable
from cxr_client._causes import TOO_LARGE, server_error
from cxr_client._errors import (
    AccessError,
    DeadlineError,
    NotServedError,
    ReplyError,
    RequestError,
    ServerError,
    UnavailableError,
)
from cxr_client._replies import Reply
from cxr_client._results import Metadata, Signature, Tensor, VersionStatus

#: Method, path, body, seconds -> status and body of the answer.
Exchange = Callable[[str, str, bytes | None, float], Awaitable[tuple[int, bytes]]]

_KINDS: Final[dict[int, type[ServerError]]] = {
    401: AccessError,
    403: AccessError,
    404: NotServedError,
    408: DeadlineError,
    429: UnavailableError,
    502: UnavailableError,  # a proxy's word for what gRPC calls UNAVAILABLE
    503: UnavailableError,
    504: DeadlineError,
}
_BINARY: Final = "_bytes"


class RestWire:
    """A model behind REST.

    Args:
        servable: the model.
        exchange: sends one request.
        close: ends the connection.
    """

    def __init__(self, servable: Servable, exchange: Exchange, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._servable = servable
        self._exchange = exchange
        self.close = close

    async def predict(self, films: Sequence[bytes], signature: str, seconds: float) -> Reply:
        """Asks for one row per film."""
        instances = [{"image_bytes": {"b64": base64.b64encode(film).decode("ascii")}} for film in films]
        body = json.dumps({"signature_name": signature, "instances": instances}).encode()
        said = await self._ask("POST", f"{self._servable.path}:predict", body, seconds)
        rows = said.get("predictions")
        if not isinstance(rows, list) or len(rows) != len(films) or not all(isinstance(row, dict) for row in rows):
            raise ReplyError(f"the reply holds no list of {len(films)} predictions")
        return Reply([_with_files(row) for row in rows], self._servable.version)

    async def status(self, seconds: float) -> list[VersionStatus]:
        """Asks for the state of the versions. A label has no say in it: the server would ignore it."""
        said = await self._ask("GET", Servable(self._servable.name, self._servable.version).path, None, seconds)
        return [_version(entry) for entry in _items(said, "model_version_status")]

    async def metadata(self, seconds: float) -> Metadata:
        """Asks for the signatures."""
        said = await self._ask("GET", f"{self._servable.path}/metadata", None, seconds)
        try:
            signatures = said["metadata"]["signature_def"]["signature_def"]
            version = int(said["model_spec"]["version"])
            return Metadata(
                version, {name: _signature(signatures[name]) for name in sorted(signatures) if name[:2] != "__"}
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ReplyError(f"metadata without {error}") from error

    async def _ask(self, method: str, path: str, body: bytes | None, seconds: float) -> Mapping[str, Any]:
        status, content = await self._exchange(method, path, body, seconds)
        if status != 200:
            raise _refused(status, content)
        said = _parsed(content)
        if not isinstance(said, dict):
            raise ReplyError(
                "the reply is no JSON object",
                status="HTTP 200",
                server_message=content[:400].decode("utf-8", "replace"),
            )
        return said


def _refused(status: int, content: bytes) -> ServerError:
    said = _parsed(content)
    message = said["error"] if isinstance(said, dict) and isinstance(said.get("error"), str) else None
    text = content[:2000].decode("utf-8", "replace") if message is None else message
    code = f"HTTP {status}"
    if status == 413:
        advice = "the request is too large; lower Limits.bytes_per_request"
        return RequestError(advice, cause=TOO_LARGE, status=code, server_message=text)
    if 300 <= status < 400:
        return RequestError("the server points to another URL; give that one", cause="redirect", status=code)
    kind = _KINDS.get(status, RequestError if 400 <= status < 500 else ServerError)
    return server_error(kind, code, text)


def _parsed(content: bytes) -> Any:
    """A JSON value, with the NaN and Infinity that the server writes; None where there is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _with_files(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _file(value) if name.endswith(_BINARY) else value for name, value in row.items()}


def _file(value: Any) -> Any:
    if not (isinstance(value, dict) and isinstance(value.get("b64"), str)):
        return value
    try:
        return base64.b64decode(value["b64"], validate=True)
    except ValueError:
        return None


def _items(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = said.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ReplyError(f"the reply holds no list {name!r}")
    return found


def _version(entry: Mapping[str, Any]) -> VersionStatus:
    try:
        # Numbers of 64 bits are written as text.
        error = str(entry.get("status", {}).get("error_message", ""))
        return VersionStatus(int(entry["version"]), str(entry.get("state", "UNKNOWN")), error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReplyError(f"status without {error}") from error


def _signature(entry: Mapping[str, Any]) -> Signature:
    return Signature(
        **{
            side: {name: _tensor(tensor) for name, tensor in sorted(entry.get(side, {}).items())}
            for side in ("inputs", "outputs")
        }
    )


def _tensor(entry: Mapping[str, Any]) -> Tensor:
    shape = entry["tensor_shape"]
    unknown = shape.get("unknown_rank", False)
    return Tensor(entry["dtype"], None if unknown else tuple(int(dim["size"]) for dim in shape.get("dim", ())))
