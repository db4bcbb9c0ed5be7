"""Everything that a report says, gathered from a run's artifacts. Frozen; names no patient, file or folder of films."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.data_audit.audit import Check
from components.release_gate.decision import Decision
from components.shortcut_audit.report import ShortcutFindings
from pipeline.manifest_counts import Count
from pipeline.report.places import Step
from pipeline.result import RunResult
from trainer.assessment import Assessment
from trainer.predictions import Predictions
from trainer.servable import ModelInfo
from trainer.tuner_trials import Trial


@dataclass(frozen=True)
class Picture:
    """One picture in the report.

    Attributes:
        uri: ``data:`` URI.
        alt: What it shows, for who cannot see it.
        caption: Text below it.
    """

    uri: str
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class Verdict:
    """How something ended, for the top of the page.

    Attributes:
        title: A word or two.
        sentence: What that means.
        tone: ``good`` or ``bad``; ``plain`` where nothing was decided.
    """

    title: str
    sentence: str
    tone: str


@dataclass(frozen=True)
class Rejected:
    """Rows of one source that were left out for one reason; ``why`` is the reason in words."""

    source: str
    reason: str
    why: str
    rows: int


@dataclass(frozen=True)
class Films:
    """Pictures of films, all empty where films may not be shown.

    Attributes:
        shown: Whether they may be shown.
        augmentation: Training films as the network sees them.
        mistakes: The worst ones first.
        maps: Class, then ``right`` or ``wrong`` -> Grad-CAM maps over films of the class.
        variants: Name of a variant of the shortcut audit -> a film in it.
        occlusion: Occlusion maps.
    """

    shown: bool
    augmentation: Picture | None = None
    mistakes: tuple[Picture, ...] = ()
    maps: Mapping[tuple[str, str], tuple[Picture, ...]] = field(default_factory=dict)
    variants: Mapping[str, Picture] = field(default_factory=dict)
    occlusion: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Origin:
    """What a result can be traced back to.

    Attributes:
        revision: Of the code, by git; empty where there is none.
        digests: Name -> hex digits: of the data, of the code of each node.
        versions: Package -> version.
        seeds: Setting -> seed.
        settings: Key, value; without folders.
    """

    revision: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Total:
    """Films and patients of one class in the manifest."""

    films: int
    patients: int


@dataclass(frozen=True)
class ReportData:
    """All of it; None or empty where the run did not come so far.

    Attributes:
        result: How the run ended.
        verdict: What stands on top.
        classes: Names of the classes.
        positive: The class whose miss is the worst error.
        counts: Films and patients by class, view, source and split.
        totals: Class -> all its films and patients.
        rejected: Rows that were left out.
        checks: The data audit.
        trials: Of the Tuner, the best first.
        model: What lies beside the SavedModel.
        decision: Of the release gate.
        assessment: What is measured on the test split.
        predictions: A row per test film; never shown as rows.
        shortcuts: What the model says where no lung can be seen.
        films: Pictures of films.
        steps: The nodes of the run.
        origin: What the result can be traced back to.
    """

    result: RunResult
    verdict: Verdict
    classes: tuple[str, ...]
    positive: str
    films: Films
    counts: tuple[Count, ...] = ()
    totals: Mapping[str, Total] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    checks: tuple[Check, ...] = ()
    trials: tuple[Trial, ...] = ()
    model: ModelInfo | None = None
    decision: Decision | None = None
    assessment: Assessment | None = None
    predictions: Predictions | None = None
    shortcuts: ShortcutFindings | None = None
    steps: tuple[Step, ...] = ()
    origin: Origin = Origin()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside what the data audit says."""
        audited = {check.message for check in self.checks}
        of_model = self.model.notes if self.model else ()
        return tuple(dict.fromkeys(note for note in (*of_model, *self.result.notes) if note not in audited))

    @property
    def has_manifest(self) -> bool:
        """Whether the run came as far as a manifest."""
        return bool(self.counts or self.rejected)

    @property
    def waived(self) -> tuple[Check, ...]:
        """Findings of the data audit that somebody has signed for."""
        return tuple(check for check in self.checks if check.verdict == "waived")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """Findings of the data audit that nobody has signed for and that stop nothing."""
        return tuple(check for check in self.checks if check.verdict == "warn")
