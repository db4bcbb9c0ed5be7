"""What a claim is: a ratio against a peer or a limit, with a goal, and what was measured of it."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from trainer.strict import Settings


class Goal(Settings):
    """What the median is held to."""

    way: Literal["at least", "at most"]
    bound: float

    def met(self, value: float) -> bool:
        """Whether a median reaches the goal."""
        return value >= self.bound if self.way == "at least" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.way == 'at least' else '≤'} {self.bound:g}"


class Row(Settings):
    """One line of the table: the same work, ours against another's.

    Attributes:
        claim: Number of the claim.
        what: The work, and on which films, with n.
        against: The peer or the limit.
        unit: Of ``values``: ``x as fast``, ``x the time``, ``x the memory``, ``s``, ``grey levels`` and the like.
        values: One per pair.
        goal: None where the row only explains another.
        ours, peer: Absolute figures for reading, never judged, such as ``1,234 films/s``.
        note: What limits it, in one sentence; empty where there is nothing to say.
    """

    claim: int
    what: str
    against: str
    unit: str
    values: Annotated[tuple[FiniteFloat, ...], Field(min_length=1)]
    goal: Goal | None = None
    ours: str = ""
    peer: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        """The figure that is judged and compared."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        return None if self.goal is None else self.goal.met(self.median)


@dataclass(frozen=True)
class Effort:
    """How much a claim may do.

    Attributes:
        quick: Little work, so that the whole takes minutes; the figures are rough.
        real: Folder of real films as the profile ``covid_chestxray`` wants it, None where there is none.
        scratch: Folder for films and records, kept between claims of one run.
    """

    quick: bool
    real: Path | None
    scratch: Path

    @property
    def pairs(self) -> int:
        """Of each row, unless a claim says otherwise."""
        return 3 if self.quick else 5


Measure = Callable[[Effort], list[Row]]
