"""Bounds that a model must reach to be released."""

from pydantic import Field

from trainer.strict import Settings


class GateSettings(Settings):
    """Lower bounds on rates of the test split, compared with the lower end of the 95 % interval, not the point."""

    min_recall: float = Field(0.85, ge=0, le=1, description="recall (sensitivity) of the positive class")
    min_specificity: float = Field(
        0.85, ge=0, le=1, description="share of the other films that are not called positive"
    )
