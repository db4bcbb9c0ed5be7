"""From a server's message to what is wrong and what to do.

TF Serving gives other codes over gRPC than over REST for the same fault, and mostly one code for all of them, so the
message decides where it is known, and the code only where it is not. The messages are those of TF Serving 2.16.1.
"""

import re
from dataclasses import dataclass
from typing import Final

from cxr_client._errors import (
    AccessError,
    DeadlineError,
    NotServedError,
    ReplyError,
    RequestError,
    ServerError,
    UnavailableError,
    shorten,
)

#: One film, or the number or size of the films, is at fault: the request is divided.
FILM, TOO_MANY, TOO_LARGE = "film", "too_many", "too_large"
DIVISIBLE: Final = frozenset((FILM, TOO_MANY, TOO_LARGE))


@dataclass(frozen=True)
class _Cause:
    name: str
    pattern: str
    error: type[ServerError]
    advice: str


_CAUSES: Final = (
    _Cause(
        FILM,
        r"Unknown image file format|Input is empty|jpeg::Uncompress failed|Invalid (JPEG|PNG|GIF|BMP) |"
        r"(Decode(Image|Jpeg|Png|Gif|Bmp)|ExtractJpegShape)\b",
        RequestError,
        "a film cannot be decoded",
    ),
    _Cause(
        TOO_MANY,
        r"larger than maximum input batch size|more than \d+ films",
        RequestError,
        "more films than the server takes at once; lower Limits.films_per_request",
    ),
    _Cause(
        # The proxy before the server, a server's own bound of a message, the local server.
        TOO_LARGE,
        r"more than \d+ MiB|SERVER: Received message larger than max|pixels to decode at once",
        RequestError,
        "the films are too large for one request; lower Limits.bytes_per_request",
    ),
    _Cause(
        "label",
        r"Unrecognized servable version label",
        NotServedError,
        "no version has this label; set it on the server, or ask without",
    ),
    _Cause(
        "version",
        r"Servable not found for request: Specific|Could not find version \d+ of model",
        NotServedError,
        "this version is not served; status() lists those that are",
    ),
    _Cause(
        "model",
        r"Servable not found for request|Could not find any versions of model|Missing model name",
        NotServedError,
        "no model of this name is served, or none of its versions is loaded yet; wait_ready() waits for it",
    ),
    _Cause(
        "signature",
        r"Serving signature (name|key):? .*not found",
        NotServedError,
        "the model has no such signature; metadata() lists those that it has",
    ),
    _Cause(
        "input",
        r"does not have named input|Signature input alias|input size does not match signature|Expects arg\[0\] to be",
        RequestError,
        "the model takes other inputs than image_bytes, so it is none of cxr; metadata() lists them",
    ),
    _Cause(
        "broken_version",
        r"Could not find variable",
        ServerError,
        "the version was loaded before it was complete, or exported wrongly; publish it again under a new number",
    ),
    _Cause(
        "queue_full",
        r"batch scheduling queue .* is full|Server Threadpool Exhausted",
        UnavailableError,
        "the server has more requests than it can take; ask later, or give it more threads or a longer queue",
    ),
    _Cause(
        "reply_size",
        r"(Received|Sent) message larger than max",
        ReplyError,
        "a message is larger than may be; raise Limits.reply_bytes or lower Limits.films_per_request",
    ),
    _Cause(
        "server_time",
        r"Timed out waiting for notification",
        DeadlineError,
        "the server's own time for a REST request is over; raise its --rest_api_timeout_in_ms, or warm the model up",
    ),
    _Cause(
        "tls",
        r"(?i)ssl handshake failed|certificate.verify.failed|tls handshake|wrong version number",
        AccessError,
        "the certificate is not trusted, or the server speaks no TLS; see Tls(authorities=...) and the URL's scheme",
    ),
    _Cause(
        "protocol",
        r"connect an http1\.x server|Malformed request|illegal request line|Failed parsing HTTP/2",
        RequestError,
        "the server does not speak this protocol here; TF Serving speaks gRPC on 8500 and REST on 8501, and a URL for "
        "TLS begins with grpcs:// or https://",
    ),
)

_ADVICE: Final = {
    NotServedError: "not found; check the URL, and the model's name, version and label",
    AccessError: "the server wants another API key; give api_key, or CXR_API_KEY on the command line",
    RequestError: "the server refuses the request",
    UnavailableError: "no answer, or the server is too busy; check that it runs, and the URL, or ask later",
    DeadlineError: "no answer in time",
    ServerError: "the server failed",
}


def server_error(kind: type[ServerError], status: str, message: str) -> ServerError:
    """The error for what a server said.

    Args:
        kind: what the protocol's code says; a known message overrules it.
        status: that code, for a person.
        message: the server's.
    """
    for cause in _CAUSES:
        if re.search(cause.pattern, message):
            return cause.error(cause.advice, cause=cause.name, status=status, server_message=message)
    return kind(_ADVICE[kind], status=status, server_message=message)


def decoders_word(message: str) -> str:
    """What the server's decoder says of a film, without the names of the graph's nodes."""
    return shorten(message.partition("[[")[0])
