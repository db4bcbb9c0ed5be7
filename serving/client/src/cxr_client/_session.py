"""One client's conversation with its model, whatever the protocol and the way of waiting."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeVar

from cxr_client._causes import DIVISIBLE, FILM, TOO_LARGE, TOO_MANY, decoders_word
from cxr_client._errors import DeadlineError, FilmError, NotServedError, RequestError, ServerError, UnavailableError
from cxr_client._films import Film, Sendable, sendable
from cxr_client._options import Limits, Retries, Timeout
from cxr_client._replies import EXPLAIN, SERVING_DEFAULT, result
from cxr_client._results import Metadata, Prediction, VersionStatus
from cxr_client._retrying import Deadline, Runtime, tried
from cxr_client._wire import Wire

T = TypeVar("T")
Result = Prediction | FilmError

_POLL = 0.5  # seconds between two questions whether a model is there
_SHOWN = 3  # versions in the message that none of them is


class Session:
    """Asks with retries and deadlines, and divides what is too much for one request.

    Args:
        wire: to the model.
        runtime: how to wait.
        timeout: deadlines.
        retries: of a request that found nobody.
        limits: of a request.
    """

    def __init__(self, wire: Wire, runtime: Runtime, timeout: Timeout, retries: Retries, limits: Limits) -> None:
        self.wire = wire
        self.runtime = runtime
        self.timeout = timeout
        self.retries = retries
        self.limits = limits
        self.at_once = limits.films_per_request

    async def status(self) -> list[VersionStatus]:
        """The state of the versions, newest first."""
        return _newest_first(await self._tried(self.wire.status, Deadline(self.timeout.total)))

    async def metadata(self) -> Metadata:
        """What the model can be asked."""
        return await self._tried(self.wire.metadata, Deadline(self.timeout.total))

    async def wait_ready(self, seconds: float) -> Metadata:
        """Asks for the metadata, the one question that honours version and label, until there is an answer."""
        deadline = Deadline(seconds)
        while True:
            try:
                return await self.wire.metadata(max(min(self.timeout.attempt, deadline.left()), 0.001))
            except (UnavailableError, DeadlineError, NotServedError) as error:
                if deadline.left() <= _POLL:
                    raise await self._not_ready(error, seconds) from error
            await self.runtime.sleep(_POLL)

    async def _not_ready(self, error: ServerError, seconds: float) -> DeadlineError:
        try:
            versions = _newest_first(await self.wire.status(1.0))[:_SHOWN]
        except ServerError:
            versions = []
        states = [f"version {found.version} {found.state} {found.error}".strip() for found in versions]
        said = "; ".join([str(error), *states])
        return DeadlineError(f"not ready after {seconds:g} s: {said}", cause="not_ready")

    async def ask(self, films: list[Sendable], signature: str, deadline: Deadline) -> list[Result]:
        """Asks for the films of one request, in parts where the server refuses them together.

        Args:
            films: at least one.
            signature: ``serving_default`` or ``explain``.
            deadline: of the whole call.
        """
        try:
            return await self._ask(films, signature, deadline)
        except RequestError as error:
            if error.cause not in DIVISIBLE:
                raise
            if len(films) == 1:
                return [await self._ask_again(films[0], signature, deadline, error)]
            middle = len(films) // 2
            if error.cause == TOO_MANY:
                self.at_once = min(self.at_once, middle)
        return [
            *await self.ask(films[:middle], signature, deadline),
            *await self.ask(films[middle:], signature, deadline),
        ]

    async def _ask(self, films: list[Sendable], signature: str, deadline: Deadline) -> list[Result]:
        contents = [film.content for film in films]
        reply = await self._tried(lambda seconds: self.wire.predict(contents, signature, seconds), deadline)
        return [
            result(row, film, reply.version, explained=signature == EXPLAIN)
            for row, film in zip(reply.rows, films, strict=True)
        ]

    async def _ask_again(self, film: Sendable, signature: str, deadline: Deadline, error: RequestError) -> Result:
        """A server that batches fails a good film with another client's bad one: only a second refusal counts."""
        if error.cause == FILM:
            try:
                return (await self._ask([film], signature, deadline))[0]
            except RequestError as again:
                error = again
        if error.cause == FILM:
            return FilmError(
                film.index, film.name, "undecodable", f"the server says: {decoders_word(error.server_message)}"
            )
        if error.cause == TOO_LARGE:
            return FilmError(film.index, film.name, "size", f"{len(film.content)} bytes are too many for the server")
        raise error

    async def _tried(self, call: Callable[[float], Awaitable[T]], deadline: Deadline) -> T:
        return await tried(call, self.timeout, self.retries, deadline, self.runtime)


def _newest_first(versions: list[VersionStatus]) -> list[VersionStatus]:
    return sorted(versions, key=lambda found: -found.version)


class Stream:
    """The films of one call on their way through requests.

    Args:
        session: to ask.
        films: read as they are needed, no more than one request ahead.
        explain: whether heat maps are wanted.
    """

    def __init__(self, session: Session, films: Iterable[Film], *, explain: bool) -> None:
        self._session = session
        self._films = enumerate(films)
        self._signature = EXPLAIN if explain else SERVING_DEFAULT
        self._deadline = Deadline(session.timeout.total)
        self._held: Sendable | None = None

    async def next(self) -> list[Result]:
        """The results of the next request, in the order of their films; none at the end."""
        window: list[Sendable | FilmError] = []
        films: list[Sendable] = []
        space = self._session.limits.bytes_per_request
        while len(window) < self._session.at_once and (film := await self._next_film()) is not None:
            if isinstance(film, Sendable):
                if films and len(film.content) > space:
                    self._held = film
                    break
                space -= len(film.content)
                films.append(film)
            window.append(film)
        answers = iter(await self._session.ask(films, self._signature, self._deadline) if films else [])
        return [film if isinstance(film, FilmError) else next(answers) for film in window]

    async def _next_film(self) -> Sendable | FilmError | None:
        if self._held is not None:
            film, self._held = self._held, None
            return film
        for index, given in self._films:
            return await self._session.runtime.aside(partial(sendable, given, index))
        return None
