"""The thread that looks at the disk every second."""

import threading
from collections.abc import Callable
from typing import Final

from serving.server.configuration import ModelConfig, Source
from serving.server.models import Models, Say
from trainer.errors import UsageError

#: Seconds; the real server's ``--file_system_poll_wait_seconds``.
INTERVAL: Final = 1.0


class Watch:
    """Keeps models in line with their source until it is stopped.

    Args:
        models: are brought in line.
        source: is read every ``interval`` seconds. While it cannot be read, what it said last holds.
        say: is told in a sentence what is wrong, once.
        ready: is called after every look with whether all models are served.
        interval: in seconds.
    """

    def __init__(
        self,
        models: Models,
        source: Source,
        say: Say,
        ready: Callable[[bool], None] = lambda _: None,
        interval: float = INTERVAL,
    ) -> None:
        self._models, self._source, self._say, self._ready = models, source, say, ready
        self._interval = interval
        self._configs: dict[str, ModelConfig] = {}
        self._said = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begins; the first look comes at once."""
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Ends after the look that is under way; waits so long for it, and returns whether it has ended."""
        self._stopped.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except Exception as error:  # a thread that dies in silence would leave the last version for ever
                self._say_once(f"unexpected {type(error).__name__} while looking for versions: {error}")
            if self._stopped.wait(self._interval):
                return

    def _look(self) -> None:
        try:
            self._configs = self._source.read()
        except UsageError as error:
            self._say_once(str(error))
        else:
            self._say_once("" if self._configs else "no model yet; waiting for one")
        self._models.follow(self._configs)
        self._ready(self._models.ready())

    def _say_once(self, message: str) -> None:
        if message and message != self._said:
            self._say(message)
        self._said = message
