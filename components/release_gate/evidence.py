"""What the decision is made from: the artifacts' contents, without the artifacts."""

from dataclasses import dataclass

from components.data_audit.audit import Audit
from components.score.export_check import ExportCheck
from components.shortcut_audit.report import ShortcutFindings
from trainer.assessment import Assessment
from trainer.predictions import Predictions


@dataclass(frozen=True)
class Served:
    """The model that is served now, on the films of the candidate.

    Attributes:
        version: Its number.
        predictions: None where it could not be asked.
        fault: Why not.
        known: Image ids of films that it has learned from; on those it flatters itself.
    """

    version: str
    predictions: Predictions | None
    fault: str = ""
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Evidence:
    """Everything that speaks for or against a candidate.

    Attributes:
        predictions: A row per test film.
        assessment: What they are worth.
        views: The views that the settings let pass; each must occur in the test split.
        audit: What was found in the data.
        shortcuts: What the model says of films without lungs.
        export: Whether the exported graph answers as it must.
        served: None where no model is served.
    """

    predictions: Predictions
    assessment: Assessment
    views: tuple[str, ...]
    audit: Audit
    shortcuts: ShortcutFindings
    export: ExportCheck
    served: Served | None = None
