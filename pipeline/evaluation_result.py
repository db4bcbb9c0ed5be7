"""What a pushed model is worth on films that it never saw: what ``cxr evaluate --json`` prints."""

from typing import Literal

from pydantic import Field, computed_field

from components.data_audit.audit import Check
from components.shortcut_audit.report import ShortcutFindings
from pipeline.result import ComponentRun
from trainer.assessment import Assessment
from trainer.servable import Rate
from trainer.strict import Settings


class KnownFilms(Settings):
    """Films of the evaluation that the model has learned from or was tuned on, and further films of those patients.

    Attributes:
        films: All films of the evaluation.
        known: Those that are known; each counts once, by the surest way.
        share: Of all films, 0..1.
        ways: ``file``, ``pixels``, ``look``, ``copy`` or ``patient`` -> films that are known so.
        training_films: How many films the model has learned from or was tuned on; none where it does not say.
        not_checkable: What could not be looked for, a sentence each.
        listed_in: CSV file with a row per known film; none where no film is known.
    """

    films: int
    known: int
    share: float
    ways: dict[str, int]
    training_films: int | None
    not_checkable: tuple[str, ...] = ()
    listed_in: str | None = None


class EvaluationResult(Settings):
    """The end of an evaluation.

    Attributes:
        warnings: What forbids to take the figures at their word; first on the screen, too.
        status: How it ended.
        reasons: Why it failed.
        model_dir: Folder of the version that was evaluated.
        version: Its number.
        films: Usable films by class.
        rejected: Rejected rows by reason.
        known: Films that are none the model never saw.
        assessment: On all films.
        assessment_without_known: On the films that are not known; none where no film is known, or every film is.
        own_metrics: What ``model.json`` says of the test split of the model's own run.
        shortcuts: What the model says of films on which no lung can be seen.
        audit: What is conspicuous about the films, with no model asked.
        notes: What else a reader of the figures must know.
        components: Every node, in the order in which they came.
        report: The report; none where there is none.
    """

    warnings: tuple[str, ...] = ()
    status: Literal["evaluated", "failed"]
    reasons: tuple[str, ...] = ()
    model_dir: str
    version: str
    films: dict[str, int] = Field(default={})
    rejected: dict[str, int] = Field(default={})
    known: KnownFilms | None = None
    assessment: Assessment | None = None
    assessment_without_known: Assessment | None = None
    own_metrics: dict[str, Rate] = Field(default={})
    shortcuts: ShortcutFindings | None = None
    audit: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    components: dict[str, ComponentRun] = Field(default={})
    report: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def metrics(self) -> dict[str, Rate]:
        """Rates of all films, as ``cxr run --json`` has those of the test split."""
        return self.assessment.overall.metrics if self.assessment else {}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def metrics_without_known(self) -> dict[str, Rate]:
        """Rates of the films that are not known."""
        return self.assessment_without_known.overall.metrics if self.assessment_without_known else {}
