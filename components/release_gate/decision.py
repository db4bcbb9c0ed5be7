"""The release decision as it is written and read."""

from typing import Literal

from pydantic import Field

from trainer.assessment import Comparison
from trainer.servable import Rate
from trainer.strict import Settings


class Rule(Settings):
    """One rule: what was compared with what, and how it ended. A rule that cannot be computed has failed.

    Attributes:
        name: ``min_recall``, or for a slice ``min_recall (view AP)``.
        bound: What the value was compared with; none where the rule asks a question without a number.
        message: One sentence for a reader.
    """

    name: str
    value: float | None = Field(description="what the bound is compared with; none = not computable")
    bound: float | None
    passed: bool
    message: str


class Decision(Settings):
    """One decision from many rules.

    Attributes:
        metrics: Rates of the whole test split with their 95 % intervals.
        warnings: What the data audit warns of and a reader of the metrics must know.
        compared_with: Version of the served model that the candidate was compared with; empty = none is served.
        comparisons: With that model, on the same films.
        not_computable: Slices, classes and metrics for which there is no number, each with its reason: listed, no
            ground to refuse.
    """

    status: Literal["blessed", "not_blessed"]
    rules: tuple[Rule, ...]
    metrics: dict[str, Rate]
    warnings: tuple[str, ...] = ()
    compared_with: str = ""
    comparisons: tuple[Comparison, ...] = ()
    not_computable: tuple[str, ...] = ()
