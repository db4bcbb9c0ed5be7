"""What the data audit measures, from where on it objects, and who has allowed what."""

import datetime
from typing import Literal

from pydantic import Field, field_validator, model_validator

from trainer.strict import Settings


class Waiver(Settings):
    """One person's signed word that a finding of the audit is known and accepted. It travels into ``model.json``."""

    check: str = Field(min_length=1, description="name of the check, as audit.json spells it")
    reason: str = Field(min_length=10, description="why the finding does no harm here")
    by: str = Field(min_length=2, description="who answers for it")
    date: datetime.date = Field(description="when it was given, not in the future")

    @field_validator("date")
    @classmethod
    def _is_past(cls, value: datetime.date) -> datetime.date:
        # The latest date that it is anywhere on earth: an executor in another time zone reads the settings again.
        today = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=14)).date()
        if value > today:
            raise ValueError(f"a waiver of {value} lies in the future; give the day on which it was given")
        return value


class AuditSettings(Settings):
    """Bounds of the data audit. Shares and areas are compared with the lower end of the 95 % interval."""

    shortcuts: Literal["stop", "warn"] = Field(
        "warn", description="what happens where something other than the lungs tells the classes apart"
    )
    max_auc: float = Field(0.70, ge=0.5, le=1, description="area under the ROC curve that such a thing may reach")
    max_cramers_v: float = Field(
        0.40, ge=0, le=1, description="Cramér's V that it may reach; .40 is an area of .70 in a symmetrical 2 x 2 table"
    )
    permutations: int = Field(20, ge=20, le=1000, description="of the labels, to see how far chance alone goes")
    seed: int = Field(0, ge=0, lt=2**31, description="of foldings, permutations, intervals and the choice of films")
    max_films: int = Field(1000, ge=100, le=20_000, description="films measured at most, chosen by patient")
    min_patients: int = Field(
        6, ge=1, description="per class and split; with 6 and no miss the lower bound of a rate is first above one half"
    )
    waivers: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _one_waiver_per_check(self) -> "AuditSettings":
        names = [waiver.check for waiver in self.waivers]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"waivers holds two for {', '.join(twice)}; keep the one that counts")
        return self
