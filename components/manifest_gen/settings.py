"""Which films there are, which class each belongs to, and how they are split."""

import json
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from components.manifest_gen.findings import finding_key
from components.manifest_gen.sources.registry import Source
from components.manifest_gen.views import ViewName
from trainer.features import INVALID, VIEWS
from trainer.strict import Settings

Finding = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
CLASS_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$"  #: also names a column and a folder
ClassName = Annotated[str, Field(pattern=CLASS_NAME)]


class SplitSettings(Settings):
    """Shares of the three splits; drawn per class and, unless told otherwise, by patient."""

    by: Literal["patient", "film"] = Field("patient", description="film puts films of one patient on both sides")
    train: float = Field(0.6, gt=0, lt=1)
    eval: float = Field(0.2, gt=0, lt=1)
    test: float = Field(0.2, gt=0, lt=1)

    @model_validator(mode="after")
    def _shares_make_a_whole(self) -> "SplitSettings":
        total = self.train + self.eval + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"train, eval and test are shares of one whole, but make {total:g}")
        return self


class FoldSettings(Settings):
    """Instead of splits: the equal parts of a cross-validation, drawn per class and by patient as splits are."""

    by: Literal["patient", "film"] = "patient"
    folds: int = Field(ge=3, le=20)


def read_split(told: str) -> SplitSettings | FoldSettings:
    """Either of the two from JSON; ``folds`` is what tells them apart."""
    kind = FoldSettings if "folds" in json.loads(told) else SplitSettings
    return kind.model_validate_json(told)


class DataSettings(Settings):
    """Sources, the rules that map findings to classes, and what may pass."""

    root: str | None = Field(None, description="folder that holds the sources; none = the films drawn for the sample")
    sources: tuple[Source, ...] = Field(min_length=1)
    classes: tuple[ClassName, ...] = Field(("covid", "healthy"), min_length=2)
    positive: str = "covid"
    findings: dict[str, tuple[Finding, ...]] = Field(
        description="class -> findings that belong to it, without regard to case, and all below them where a "
        "collection writes paths; any other finding is rejected"
    )
    views: tuple[ViewName, ...] = Field(VIEWS[:1], min_length=1, description="kept in every class alike")
    balance: Literal["none", "undersample"] = Field("none", description="undersample: classes cut to the smallest")
    duplicates: Literal["group", "drop", "stop"] = Field(
        "group", description="copies of one film: into one split together, all but one left out, or no run at all"
    )
    image_size: int = Field(224, ge=32, le=1024, description="side of a record's image in pixels")
    seed: int = Field(1, ge=0, lt=2**31)
    max_rejected: float = Field(0.5, ge=0, le=1, description="share of the rows that may be unreadable or unusable")

    @model_validator(mode="after")
    def _names_agree(self) -> "DataSettings":
        if INVALID in self.classes:
            raise ValueError(f"'{INVALID}' is what a served model calls a film that it cannot read; rename the class")
        if self.positive not in self.classes:
            raise ValueError(f"positive is '{self.positive}', which is not one of classes: {', '.join(self.classes)}")
        if sorted(self.findings) != sorted(self.classes):
            raise ValueError(
                f"findings has rules for {', '.join(sorted(self.findings))}, "
                f"but classes are {', '.join(sorted(self.classes))}"
            )
        seen: dict[str, str] = {}
        for name, findings in self.findings.items():
            for finding in findings:
                if (first := seen.setdefault(finding_key(finding), name)) != name:
                    raise ValueError(f"finding '{finding}' is claimed by both {first} and {name}")
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two sources have the same name: {', '.join(names)}")
        return self
