"""What a model is worth on a split, as it is written and read; computed in ``trainer.assess``. No TensorFlow."""

from pydantic import Field

from trainer.servable import Rate
from trainer.strict import Settings

OVERALL = "overall"


class Slice(Settings):
    """Some of the films, told by what the metadata say of them.

    Attributes:
        by: ``overall``, ``view``, ``source``, ``sex``, ``age group`` or ``view x source``.
        value: ``PA``, ``40-59``, ``PA x ward``, ``unknown``; empty for all films.
        films: All of them.
        patients: Theirs.
        positives: Films of the positive class.
        metrics: Name -> rate with its 95 % interval: ``recall``, ``specificity``, ``precision``, ``f1``, ``accuracy``,
            ``auc``, ``pr_auc``, ``specificity_at_sensitivity``.
        not_computable: Name of a metric -> why there is none here, for instance a class without films.
    """

    by: str
    value: str
    films: int
    patients: int
    positives: int
    metrics: dict[str, Rate]
    not_computable: dict[str, str] = Field(default={})

    @property
    def name(self) -> str:
        """``overall``, or for instance ``view PA``."""
        return f"{self.by} {self.value}".rstrip()


class Bin(Settings):
    """One bin of a reliability curve.

    Attributes:
        low: Lowest score that falls into it.
        high: Highest.
        score: Mean score of its films.
        share: Share of its films that are positive, with its 95 % interval.
    """

    low: float
    high: float
    score: float
    share: Rate


class Reliability(Settings):
    """How far a score of .8 means 80 %.

    Attributes:
        error: Expected calibration error: mean distance of score and share over bins of equally many films, weighted by
            films; its interval is a bootstrap of patients.
        brier: Mean squared distance of score and truth.
        bins: From low scores to high.
    """

    error: Rate
    brier: float
    bins: tuple[Bin, ...]


class ReportRow(Settings):
    """One row of the classification report; None where a metric is not computable.

    Attributes:
        auc: Area under the ROC curve of a class's probability.
        support: Films of the class, or of all classes.
    """

    precision: Rate | None
    recall: Rate | None
    f1: Rate | None
    auc: Rate | None
    support: int


class ClassRow(ReportRow):
    """A class against all others.

    Attributes:
        not_computable: Name of a metric -> why there is none.
    """

    not_computable: dict[str, str] = Field(default={})


class ClassAverage(ReportRow):
    """A mean over the classes.

    Attributes:
        classes: Those that it is over: the ones with films.
    """

    classes: tuple[str, ...]


class Assessment(Settings):
    """All that is measured of one model on one split, at its stored threshold.

    Attributes:
        sensitivity: The recall at which ``specificity_at_sensitivity`` is read off the ROC curve.
        slices: All films first, then by view, source, sex, age group, and view x source.
        confusion: Films, rows true, columns called, both in the order of ``classes``.
        report: Class -> its row of the classification report.
        averages: ``macro``, in which classes count alike, and ``weighted``, in which films do.
        reliability: None where there is no film of one of the two sides.
    """

    classes: tuple[str, ...]
    positive: str
    threshold: float
    sensitivity: float
    slices: tuple[Slice, ...]
    confusion: tuple[tuple[int, ...], ...]
    report: dict[str, ClassRow]
    averages: dict[str, ClassAverage] = Field(default={})
    reliability: Reliability | None

    @property
    def overall(self) -> Slice:
        """All films."""
        return self.slices[0]


class Comparison(Settings):
    """Two models on the same films, by McNemar's exact test on those on which they differ.

    Attributes:
        of: ``recall`` (films of the positive class), ``specificity`` (all others) or ``accuracy`` (films of all
            classes).
        films: Compared.
        patients: Theirs.
        better: Films that the candidate has right and the other has wrong.
        worse: The other way round.
        better_patients: Patients of whom the candidate has more films right.
        worse_patients: The other way round.
        p: Two-sided exact p-value of these two.
        p_worse: One-sided: how likely so many ``worse`` are if the two are equally good.
    """

    of: str
    films: int
    patients: int
    better: int
    worse: int
    better_patients: int
    worse_patients: int
    p: float
    p_worse: float
