"""The audit as it is written and read: what was measured, against which bound, and what follows."""

from typing import Literal

from pydantic import Field

from components.data_audit.settings import Waiver
from trainer.strict import Settings

Verdict = Literal["pass", "warn", "stop", "waived"]


class Measurement(Settings):
    """How far something tells the positive class from all others.

    Attributes:
        of: What it is: "file attributes".
        by: The model, or Cramér's V.
        low: Lower end of the 95 % interval, from a bootstrap of patients.
        chance: The 95th percentile of the same with permuted labels.
        balanced_accuracy: Mean of the shares found of both sides, at the model's own border; none for Cramér's V.
    """

    of: str
    measure: Literal["AUC", "Cramér's V"]
    by: str
    value: float
    low: float
    high: float
    chance: float
    permutations: int
    balanced_accuracy: float | None = Field(None, ge=0, le=1)
    films: int
    patients: int


class Check(Settings):
    """One measurement: its value, its bound where it has one, and what follows.

    Attributes:
        allowed_by: Which setting lets a stop pass; empty = a waiver and nothing else.
        waivable: Whether a waiver is heard.
        measurement: The details, where the value is one of how far something tells the label.
        waiver: Why the verdict is ``waived``.
    """

    name: str
    verdict: Verdict
    value: float | None = Field(description="what was measured, in the unit that the message names; none = nothing")
    bound: float | None = None
    message: str
    allowed_by: str = ""
    waivable: bool = True
    measurement: Measurement | None = None
    waiver: Waiver | None = None

    @property
    def reason(self) -> str:
        """Why the run stops here, and which setting would let it pass, on one line."""
        allowed_by = self.allowed_by or f"a waiver of '{self.name}' under audit.waivers"
        return f"{self.name}: {self.message}; allowed by {allowed_by}"


class Audit(Settings):
    """All checks of one data set."""

    checks: tuple[Check, ...]

    @property
    def stops(self) -> tuple[Check, ...]:
        """The checks that forbid training."""
        return tuple(check for check in self.checks if check.verdict == "stop")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The checks that a reader of the results must know of; those that somebody has waived are among them."""
        return tuple(check for check in self.checks if check.verdict in ("warn", "waived"))
