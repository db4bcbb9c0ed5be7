"""The release decision as it is written and read."""

from typing import Literal

from pydantic import Field

from trainer.servable import Rate
from trainer.strict import Settings


class Rule(Settings):
    """One rule: what was compared with what, and how it ended. A rule that cannot be computed has failed."""

    name: str
    value: float | None = Field(description="what the bound is compared with; none = not computable")
    bound: float
    passed: bool
    message: str


class Decision(Settings):
    """One decision from many rules.

    Attributes:
        metrics: Rates of the test split with their 95 % intervals.
        warnings: What the data audit warns of and a reader of the metrics must know.
    """

    status: Literal["blessed", "not_blessed"]
    rules: tuple[Rule, ...]
    metrics: dict[str, Rate]
    warnings: tuple[str, ...] = ()
