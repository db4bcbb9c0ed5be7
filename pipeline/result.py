"""How a run ended: what ``cxr run --json`` prints and what the next run compares itself with."""

from typing import Literal

from pydantic import Field

from components.data_audit.audit import Check
from components.release_gate.decision import Rule
from trainer.assessment import ClassAverage, ClassRow
from trainer.servable import Rate
from trainer.strict import Settings

Status = Literal["pushed", "unchanged", "not_blessed", "refused_data", "failed"]


class ComponentRun(Settings):
    """One node of the run."""

    state: Literal["ran", "cached", "failed"]
    seconds: float


class RunResult(Settings):
    """The end of a run.

    Attributes:
        status: How it ended.
        version: Number of the served version; none where nothing is served.
        model_dir: Folder of that version.
        report: The run's report; none where there is none.
        metrics: Rates of the positive class on the test split, with their 95 % intervals.
        classes: Class -> its row of the classification report of the test split.
        averages: ``macro`` and ``weighted``, over the classes that have test films.
        gate: Every rule of the release gate.
        components: Every node, in the order in which they came.
        films: Films in the manifest by class and split, for example ``{"covid": {"train": 90}}``.
        rejected: Rejected rows by reason.
        audit: Every check of the data audit.
        notes: What a reader of the metrics must know.
        reasons: Why the run failed, the data were refused, or the model was not blessed.
    """

    status: Status
    version: int | None = None
    model_dir: str | None = None
    report: str | None = None
    metrics: dict[str, Rate] = Field(default={})
    classes: dict[str, ClassRow] = Field(default={})
    averages: dict[str, ClassAverage] = Field(default={})
    gate: tuple[Rule, ...] = ()
    components: dict[str, ComponentRun] = Field(default={})
    films: dict[str, dict[str, int]] = Field(default={})
    rejected: dict[str, int] = Field(default={})
    audit: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
