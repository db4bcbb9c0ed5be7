"""Why a request gets no answer, in the words and codes of both protocols."""

from typing import Final

import grpc
import tensorflow as tf

#: As the real server's http_server.cc maps them.
_HTTP: Final = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
#: By number.
CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class Fault(Exception):
    """A request, or a version, that cannot be served.

    Attributes:
        code: of gRPC.
        message: as the client gets it.
        http: status of the same over HTTP.
    """

    def __init__(self, code: grpc.StatusCode, message: str, http: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http = http or _HTTP.get(code, 500)

    @classmethod
    def of(cls, error: tf.errors.OpError) -> "Fault":
        """The fault that TensorFlow's runtime has found."""
        # A session raises the runtime's error again with a stack trace in its message; the real server has no Python.
        original = error.__context__
        message = original.message if isinstance(original, tf.errors.OpError) else error.message
        return cls(CODES.get(error.error_code, grpc.StatusCode.UNKNOWN), message)

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


def invalid(message: str) -> Fault:
    """The fault of a request that is wrong in itself."""
    return Fault(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> Fault:
    """The fault of a request for something that is not served."""
    return Fault(grpc.StatusCode.NOT_FOUND, message)
