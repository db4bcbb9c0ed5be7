"""TF Serving's gRPC protocol."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import grpc

from cxr_client import _messages, _tensors
from cxr_client._address import Address, Servable
from cxr_client._causes import server_error
from cxr_client._errors import (
    AccessError,
    DeadlineError,
    NotServedError,
    ReplyError,
    RequestError,
    ServerError,
    UnavailableError,
)
from cxr_client._options import Limits, Timeout, Tls
from cxr_client._replies import Reply
from cxr_client._results import Metadata, Signature, Tensor, VersionStatus

#: Path of the method, request, seconds -> reply.
Call = Callable[[str, bytes, float], Awaitable[bytes]]

_SERVICE: Final = "/tensorflow.serving.PredictionService"
_MODEL_SERVICE: Final = "/tensorflow.serving.ModelService"
_KINDS: Final[dict[grpc.StatusCode, type[ServerError]]] = {
    grpc.StatusCode.NOT_FOUND: NotServedError,
    grpc.StatusCode.UNAUTHENTICATED: AccessError,
    grpc.StatusCode.PERMISSION_DENIED: AccessError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
    grpc.StatusCode.INVALID_ARGUMENT: RequestError,
    grpc.StatusCode.FAILED_PRECONDITION: RequestError,
    grpc.StatusCode.OUT_OF_RANGE: RequestError,
    grpc.StatusCode.UNIMPLEMENTED: RequestError,
}


class GrpcWire:
    """A model behind gRPC.

    Args:
        servable: the model.
        call: sends one request.
        close: ends the connection.
    """

    def __init__(self, servable: Servable, call: Call, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._servable = servable
        self._call = call
        self.close = close

    async def predict(self, films: Sequence[bytes], signature: str, seconds: float) -> Reply:
        """Asks for one row per film."""
        request = _messages.PredictRequest(model_spec=self._spec(signature))
        request.inputs.add(key="image_bytes", value=_tensors.of_strings(films))
        said = await self._ask(f"{_SERVICE}/Predict", request, _messages.PredictResponse, seconds)
        columns = {
            entry.key: _column(entry.key, _tensors.to_rows(entry.value, entry.key, len(films)))
            for entry in said.outputs
        }
        rows = [{name: column[index] for name, column in columns.items()} for index in range(len(films))]
        return Reply(rows, said.model_spec.version.value if said.model_spec.HasField("version") else None)

    async def status(self, seconds: float) -> list[VersionStatus]:
        """Asks for the state of the versions. A label has no say in it: the server would ignore it."""
        request = _messages.GetModelStatusRequest(model_spec=self._spec(labelled=False))
        said = await self._ask(f"{_MODEL_SERVICE}/GetModelStatus", request, _messages.GetModelStatusResponse, seconds)
        return [
            VersionStatus(entry.version, _messages.STATES.get(entry.state, "UNKNOWN"), entry.status.error_message)
            for entry in said.model_version_status
        ]

    async def metadata(self, seconds: float) -> Metadata:
        """Asks for the signatures."""
        request = _messages.GetModelMetadataRequest(model_spec=self._spec(), metadata_field=["signature_def"])
        said = await self._ask(f"{_SERVICE}/GetModelMetadata", request, _messages.GetModelMetadataResponse, seconds)
        for entry in said.metadata:
            if entry.key == "signature_def":
                found = _parsed(_messages.SignatureDefMap, entry.value.value).signature_def
                named = {signature.key: _signature(signature.value) for signature in found if signature.key[:2] != "__"}
                return Metadata(said.model_spec.version.value, dict(sorted(named.items())))
        raise ReplyError("metadata without 'signature_def'")

    def _spec(self, signature: str = "", *, labelled: bool = True) -> Any:
        servable = self._servable
        spec = _messages.ModelSpec(name=servable.name, signature_name=signature)
        if servable.version is not None:
            spec.version.value = servable.version
            spec.version.SetInParent()  # version 0 is a version too
        elif servable.label is not None and labelled:
            spec.version_label = servable.label
        return spec

    async def _ask(self, method: str, request: Any, reply: Any, seconds: float) -> Any:
        try:
            content = await self._call(method, request.SerializeToString(), seconds)
        except grpc.RpcError as error:
            code = error.code()
            raise server_error(_KINDS.get(code, ServerError), code.name, error.details() or "") from error
        return _parsed(reply, content)


def blocking_grpc(
    address: Address, servable: Servable, headers: Mapping[str, str], timeout: Timeout, limits: Limits, tls: Tls
) -> GrpcWire:
    """A wire whose methods return without ever waiting for an event loop."""
    channel = _channel(grpc, address, timeout, limits, _credentials(address, tls))
    metadata = _metadata(headers)

    async def call(method: str, request: bytes, seconds: float) -> bytes:
        reply: bytes = channel.unary_unary(method)(request, timeout=seconds, metadata=metadata)
        return reply

    async def close() -> None:
        channel.close()

    return GrpcWire(servable, call, close)


def asyncio_grpc(
    address: Address, servable: Servable, headers: Mapping[str, str], timeout: Timeout, limits: Limits, tls: Tls
) -> GrpcWire:
    """A wire for asyncio."""
    channels: list[Any] = []
    metadata = _metadata(headers)
    credentials = _credentials(address, tls)

    async def call(method: str, request: bytes, seconds: float) -> bytes:
        if not channels:  # a channel belongs to the event loop in which it was made
            channels.append(_channel(grpc.aio, address, timeout, limits, credentials))
        reply: bytes = await channels[0].unary_unary(method)(request, timeout=seconds, metadata=metadata)
        return reply

    async def close() -> None:
        for channel in channels:
            await channel.close()

    return GrpcWire(servable, call, close)


def _channel(library: Any, address: Address, timeout: Timeout, limits: Limits, credentials: Any) -> Any:
    options = [
        ("grpc.max_receive_message_length", limits.reply_bytes),
        ("grpc.max_send_message_length", -1),
        # gRPC's own pauses between connections reach minutes, and until they end every call fails at once.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.min_reconnect_backoff_ms", int(1000 * timeout.connect)),
    ]
    target = f"{address.host}:{address.port}"
    if credentials is None:
        return library.insecure_channel(target, options)
    return library.secure_channel(target, credentials, options)


def _credentials(address: Address, tls: Tls) -> Any:
    """None without TLS."""
    if not address.is_secure:
        return None
    if tls != Tls():
        tls.context()  # gRPC itself has no word for a file that it cannot use
    files = (None if file is None else _bytes(file) for file in (tls.authorities, tls.key, tls.certificate))
    return grpc.ssl_channel_credentials(*files)


def _bytes(file: Any) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()


def _metadata(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers.items()]


def _parsed(message: Any, content: bytes) -> Any:
    try:
        return message.FromString(content)
    except Exception as error:  # DecodeError, which is another class in each of protobuf's implementations
        raise ReplyError(f"the reply is none of TF Serving: {error}") from error


def _column(name: str, values: list[Any]) -> list[Any]:
    return values if name.endswith("_bytes") else [_text(value) for value in values]


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(element) for element in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _signature(message: Any) -> Signature:
    return Signature(
        **{
            side: {
                entry.key: _tensor(entry.value) for entry in sorted(getattr(message, side), key=lambda entry: entry.key)
            }
            for side in ("inputs", "outputs")
        }
    )


def _tensor(message: Any) -> Tensor:
    shape = message.tensor_shape
    return Tensor(
        _messages.DTYPES.get(message.dtype, f"DT_{message.dtype}"),
        None if shape.unknown_rank else tuple(dim.size for dim in shape.dim),
    )
