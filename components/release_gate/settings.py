"""Bounds that a model must reach to be released."""

from pydantic import Field

from trainer.strict import Settings


class GateSettings(Settings):
    """Bounds on what is measured on the test split. Rates are compared by an end of their 95 % interval."""

    min_recall: float = Field(
        0.85, ge=0, le=1, description="recall (sensitivity) of the positive class, by the lower end of its interval"
    )
    min_specificity: float = Field(
        0.85, ge=0, le=1, description="share of the other films that are not called positive, likewise"
    )
    min_slice: int = Field(
        10,
        ge=1,
        description="films of a side in a slice from which on it can refuse, by the upper end; smaller are listed",
    )
    max_masked_auc: float = Field(
        0.70, ge=0.5, le=1, description="AUC on films whose lungs are hidden, by the lower end; 1 judges none"
    )
    max_calibration_error: float = Field(
        0.30, ge=0, le=1, description="expected calibration error, by the lower end; 1 judges none"
    )
    worse_than_served: float = Field(
        0.05, ge=0, lt=1, description="p-value of McNemar's test below which the served model is better; 0 judges none"
    )
