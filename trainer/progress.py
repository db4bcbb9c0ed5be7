"""Progress on stderr: a live bar on a terminal, elsewhere a short line now and then."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TypeVar

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_T = TypeVar("_T")

LINE_EVERY = 15.0  #: seconds between two lines where there is no terminal
NOTE_EVERY = 0.25  #: seconds between two looks at the metrics of the running epoch: each waits for the device


class Bar:
    """Progress of one piece of work. Use it as a context manager.

    Args:
        what: what is done, in a word or two: ``training``.
        total: steps in all.
        console: where to; None = stderr.
        clock: seconds, ever rising.
    """

    def __init__(
        self,
        what: str,
        total: int,
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._total = what, total
        self._console = console or Console(stderr=True)
        self._clock, self._last = clock, clock()
        self._done, self._note = 0, ""
        self._live: Progress | None = None

    def __enter__(self) -> "Bar":
        if self._console.is_terminal:
            self._live = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}", markup=False),
                console=self._console,
                transient=True,
            )
            self._live.start()
            self._live.add_task(self._what, total=self._total, note="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def advance(self, steps: int = 1) -> None:
        """Reports that ``steps`` more are done."""
        self._done += steps
        self._show()

    def note(self, text: str) -> None:
        """Says beside the bar how it goes: ``epoch 3: eval loss 0.41``."""
        self._note = text
        self._show()

    def finish(self, text: str) -> None:
        """Leaves one line that stays."""
        _line(self._console, text)

    def _show(self) -> None:
        if self._live is not None:
            self._live.update(self._live.task_ids[0], completed=self._done, note=self._note)
        elif self._clock() - self._last >= LINE_EVERY:
            self._last = self._clock()
            _line(self._console, f"{self._what} {self._done}/{self._total}" + (f", {self._note}" * bool(self._note)))


class BatchProgress(keras.callbacks.Callback):
    """Advances a bar with every training batch and says what the running epoch has come to.

    Args:
        bar: to advance.
        before: what was said of the epoch before; stays to be read.
    """

    def __init__(self, bar: Bar, before: str = "") -> None:
        super().__init__()
        self._bar, self._before = bar, before
        self._epoch, self._done, self._last = 0, 0, -math.inf

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Another epoch, counted from 0."""
        self._epoch, self._done = epoch + 1, 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """All batches up to ``batch``, counted from 0; ``logs`` are the means of the epoch so far."""
        now = time.monotonic()
        if logs and now - self._last >= NOTE_EVERY:
            self._last = now
            measured = ", ".join(f"{name} {float(value):.2f}" for name, value in sorted(logs.items(), key=_loss_first))
            self._bar.note(f"epoch {self._epoch}: {measured}" + f" ({self._before})" * bool(self._before))
        self._bar.advance(batch + 1 - self._done)
        self._done = batch + 1


def _loss_first(log: tuple[str, object]) -> tuple[bool, str]:
    return log[0] != "loss", log[0]


def track(items: Iterable[_T], what: str, total: int) -> Iterator[_T]:
    """Passes ``items`` on and shows how many of ``total`` have gone by."""
    with Bar(what, total) as bar:
        for item in items:
            yield item
            bar.advance()


def say(text: str) -> None:
    """One line on stderr."""
    _line(Console(stderr=True), text)


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
