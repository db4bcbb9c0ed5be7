"""A bar on stderr for long work, where somebody is there to see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from pipeline.progress import Progress

#: Work that is counted in bytes; all other in files or percents.
IN_BYTES: Final = ("downloading", "unpacking")


@contextmanager
def bars() -> Iterator[Progress]:
    """A bar for each work that is named, one at a time; nothing at all where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), _Amount())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(work: str, done: int, total: int | None) -> None:
            if work not in tasks:
                for task in tasks.values():
                    shown.update(task, visible=False)
                tasks[work] = shown.add_task(work, total=total)
            shown.update(tasks[work], completed=done, total=total)

        yield tell


class _Amount(ProgressColumn):
    """Bytes or pieces, as the work has it."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes, self._pieces = DownloadColumn(), MofNCompleteColumn()

    def render(self, task: Task) -> Text:
        return (self._bytes if task.description in IN_BYTES else self._pieces).render(task)
