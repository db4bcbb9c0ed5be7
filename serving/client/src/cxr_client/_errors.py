"""The one exception tree.

CxrClientError
├── UsageError              wrong use of the client; nothing was sent
├── FilmError               one film gets no answer: unreadable, too large, cut off, not decodable by the server
├── FilmErrors              some films of a call got none; the answers to the others are in it
└── ServerError             what a server said, or that it said nothing; raised itself where the server failed
    ├── RequestError            it refuses the request as it stands: asking again changes nothing
    │   ├── NotServedError          no such model, version, label or signature
    │   └── AccessError             API key or certificate missing, wrong or not trusted
    ├── UnavailableError        nobody answers, or it is too busy: later may do
    ├── DeadlineError           no answer in time
    └── ReplyError              an answer that is none of a cxr model
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxr_client._results import Prediction

_LONGEST = 300  # characters of a server's message; TF Serving can echo the whole request


class CxrClientError(Exception):
    """Base of all that the client raises."""


class UsageError(CxrClientError):
    """Wrong use of the client; nothing was sent."""


class FilmError(CxrClientError):
    """One film gets no answer; the others of its call do.

    Attributes:
        index: of the film in the call, from 0.
        name: the file's path where there is one, else what was given: "bytes", "array", "image".
        reason: a short code: ``unreadable``, ``size``, ``not_a_film``, ``undecodable`` (the server's decoder says so),
            ``not_a_number`` (the network's answer is none), or of a DICOM film ``frames``, ``photometric``,
            ``unprocessed``.
        detail: one sentence about it.
    """

    def __init__(self, index: int, name: str, reason: str, detail: str) -> None:
        super().__init__(index, name, reason, detail)  # as they came, so that processes can hand it on
        self.index = index
        self.name = name
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"film {self.index} ({self.name}): {self.detail}"


class FilmErrors(CxrClientError):
    """Some films of a call got no answer. Nothing is lost: the others were asked for.

    Attributes:
        errors: one per film without an answer, in their order.
        results: of the whole call, in the order of its films: a `Prediction`, or the film's error.
    """

    def __init__(self, results: "Sequence[Prediction | FilmError]") -> None:
        super().__init__(results)
        self.results = list(results)
        self.errors = [result for result in results if isinstance(result, FilmError)]

    def __str__(self) -> str:
        head = f"{len(self.errors)} of {len(self.results)} films got no answer"
        return "\n  ".join([head, *map(str, self.errors)])


class ServerError(CxrClientError):
    """What a server said, or that it said nothing.

    Attributes:
        cause: a short code of what is wrong, such as ``label`` or ``queue_full``; empty where it is not known.
        status: the protocol's: ``HTTP 404`` or ``NOT_FOUND``, which differ for the same fault; empty without a reply.
        server_message: in the server's own words, cut short.
    """

    def __init__(self, detail: str, *, cause: str = "", status: str = "", server_message: str = "") -> None:
        self.cause = cause
        self.status = status
        self.server_message = shorten(server_message)
        said = ": ".join(part for part in (status, self.server_message) if part)
        super().__init__(f"{detail} ({said})" if said else detail)


class RequestError(ServerError):
    """The server refuses the request as it stands: asking again changes nothing."""


class NotServedError(RequestError):
    """No such model, version, label or signature is served."""


class AccessError(RequestError):
    """API key or certificate missing, wrong or not trusted."""


class UnavailableError(ServerError):
    """Nobody answers, or the server is too busy; raised when the tries are used up."""


class DeadlineError(ServerError):
    """No answer in time. Not tried again: a server that is too slow is not helped by more work."""


class ReplyError(ServerError):
    """An answer that is none of a cxr model."""


def shorten(message: str) -> str:
    """One line of printable characters, of bearable length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in message).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
