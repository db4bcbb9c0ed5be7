"""How networks did on the same films: what ``cxr compare --json`` prints and ``compare.json`` holds."""

from typing import Any, Literal

from pydantic import Field

from components.data_audit.audit import Check
from pipeline.compare.study import Published
from pipeline.result import ComponentRun
from trainer.assessment import Assessment, ClassAverage, ClassRow
from trainer.servable import Rate
from trainer.strict import Settings
from trainer.trial_report import TrialReport


class Spread(Settings):
    """A figure over the folds.

    Attributes:
        deviation: Standard deviation of a sample (n - 1).
        values: Fold by fold, of those folds in which it is computable.
    """

    mean: float
    low: float
    high: float
    deviation: float
    values: tuple[float, ...]


class MostProbable(Settings):
    """The test films, each called by its most probable class, as in the study: no threshold plays a part.

    Attributes:
        accuracy: Share of all films that are called right; None where there is none.
        confusion: Films, rows true, columns called, both in the order of ``classes``.
        report: Class -> its row of the classification report.
        averages: ``macro`` and ``weighted``, as in an assessment.
    """

    classes: tuple[str, ...]
    accuracy: Rate | None
    confusion: tuple[tuple[int, ...], ...]
    report: dict[str, ClassRow]
    averages: dict[str, ClassAverage] = Field(default={})


class Conditions(Settings):
    """What all networks of a comparison were told alike.

    Attributes:
        data: ``DataSettings`` without the folder.
        split: ``SplitSettings``, or ``by`` and ``folds``.
        threshold: ``ThresholdSettings``.
        sample: What the films were drawn by; None where they were not drawn.
    """

    data: dict[str, Any]
    split: dict[str, Any]
    threshold: dict[str, Any]
    sample: dict[str, Any] | None = None


class NetworkResult(Settings):
    """One network.

    Attributes:
        name: Of the backbone.
        trials: How it was trained; with folds once for each.
        train_accuracy: Of the one trial; none with folds, where a film trains several times: see ``spread``.
        most_probable: What the test films come to if each is called by its most probable class.
        at_threshold: The same if the positive class is called from the network's stored threshold on, as it would be
            served. With folds each film is decided at the threshold of its own fold, the one here is their mean, and
            nothing that ranks films by score is computable: scores of several networks share no scale.
        spread: Figure -> how it differs from fold to fold; empty without folds.
    """

    name: str
    trials: tuple[TrialReport, ...]
    train_accuracy: Rate | None
    most_probable: MostProbable
    at_threshold: Assessment
    spread: dict[str, Spread] = Field(default={})


class Pair(Settings):
    """Two networks on the same films, by McNemar's exact test on the patients on whom they differ.

    Attributes:
        of: ``accuracy`` by the most probable class, or ``recall`` or ``specificity`` at the stored thresholds.
        films: Compared.
        patients: Theirs.
        only_first: Films that only the first has right.
        only_second: Films that only the second has right.
        first_patients: Patients of whom the first has more films right: what p is computed of.
        second_patients: Patients of whom the second has.
        p: Two-sided, exact; 1 where there is no film.
        p_adjusted: Holm's, over all tests of the comparison that have films.
        says: What follows, in words.
    """

    first: str
    second: str
    of: str
    films: int
    patients: int
    only_first: int
    only_second: int
    first_patients: int
    second_patients: int
    p: float
    p_adjusted: float
    says: str


class ComparisonResult(Settings):
    """The end of a comparison.

    Attributes:
        warnings: What forbids to take the figures at their word; first on the screen, too.
        status: How it ended.
        reasons: Why it failed.
        classes: Names of the classes.
        positive: The class whose miss is the worst error.
        image_size: Side of the networks' images in pixels.
        folds: Of a cross-validation; 0 = one split, that of ``cxr run``.
        conditions: What all networks were told alike; what each was told stands in its trials.
        films: Films in the manifest by class and split or fold; ``unused`` are those that ``data.balance`` leaves out.
        rejected: Rejected rows by reason.
        networks: In the order in which they were named.
        pairs: Each two of them.
        study: What the study of 2020 published of its networks, on films that are not these.
        audit: What is conspicuous about the films, with no network asked.
        notes: What else a reader of the figures must know.
        components: Every node, in the order in which they came.
        report: ``compare.html``; none where there is none.
    """

    warnings: tuple[str, ...] = ()
    status: Literal["compared", "failed"]
    reasons: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    positive: str = ""
    image_size: int = 0
    folds: int = 0
    conditions: Conditions | None = None
    films: dict[str, dict[str, int]] = Field(default={})
    rejected: dict[str, int] = Field(default={})
    networks: tuple[NetworkResult, ...] = ()
    pairs: tuple[Pair, ...] = ()
    study: tuple[Published, ...] = ()
    audit: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    components: dict[str, ComponentRun] = Field(default={})
    report: str | None = None
