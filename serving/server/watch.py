"""The thread that says what is served: it looks at the disk every second, and does what clients ask for in between."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.configuration import ModelConfig, Source, models_of
from serving.server.faults import Fault
from serving.server.models import Models, Say
from serving.server.reload import check_after, check_before
from trainer.errors import UsageError

#: Seconds; the real server's ``--file_system_poll_wait_seconds``.
INTERVAL: Final = 1.0


class Watch:
    """Keeps models in line with their source, or with what a client asked for since, until it is stopped.

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
        self._read: dict[str, ModelConfig] = {}
        self._configs = self._read
        self._said = ""
        self._asked: queue.SimpleQueue[tuple[ModelServerConfig, Future[None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begins; the first look comes at once."""
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Ends after what is under way; waits so long for it, and returns whether it has ended."""
        self._asked.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def reload(self, config: ModelServerConfig) -> Future[None]:
        """Serves other models, as a whole or not at all; from any thread.

        They hold until the source says something else than it did before.

        Returns:
            The end of it, when all that is new is served and all that is gone is unloaded. Raises UsageError or Fault
            where nothing has changed. Cancelled before its turn comes, it does nothing.
        """
        done: Future[None] = Future()
        self._asked.put((config, done))
        return done

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except Exception as error:  # a thread that dies in silence would leave the last version for ever
                self._say_once(f"unexpected {type(error).__name__} while looking for versions: {error}")
            try:
                asked = self._asked.get(timeout=self._interval)
            except queue.Empty:
                continue
            if asked is None:
                return
            config, done = asked
            if done.set_running_or_notify_cancel():
                try:
                    self._reload(config)
                except Exception as error:  # who asked raises it
                    done.set_exception(error)
                else:
                    done.set_result(None)

    def _look(self) -> None:
        try:
            read = self._source.read()
        except UsageError as error:
            self._say_once(str(error))
        else:
            if read != self._read:
                if self._configs is not self._read:
                    self._say("the models of ReloadConfig give way: those that were named at the start have changed")
                self._configs = self._read = read
            self._say_once("" if self._configs else "no model yet; waiting for one")
        self._models.follow(self._configs)
        self._ready(self._models.ready())

    def _reload(self, config: ModelServerConfig) -> None:
        before = self._configs
        after = models_of(config, self._source.folder_of_models, known=before)
        new = {name: one for name, one in after.items() if name not in before}
        check_before(after, new, self._models)
        self._models.follow({**before, **new})  # new ones beside the old, which are all there is where they fail
        try:
            check_after(new, self._models)
        except Fault:
            self._models.follow(before)
            raise
        self._configs = after
        self._models.follow(after)
        self._ready(self._models.ready())
        self._say(f"ReloadConfig: the models are {', '.join(after) or 'none'}")

    def _say_once(self, message: str) -> None:
        if message and message != self._said:
            self._say(message)
        self._said = message
