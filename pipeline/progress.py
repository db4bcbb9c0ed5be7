"""How long work says how far it is."""

from collections.abc import Callable

#: Told what is being done, how much of it is done, and how much there is; None where nobody knows.
Progress = Callable[[str, int, int | None], None]


def silent(work: str, done: int, total: int | None) -> None:
    """Says nothing."""
