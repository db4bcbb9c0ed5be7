"""Rows of the report's tables that are not one artifact's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from components.release_gate.decision import Rule
from pipeline.manifest_counts import Count
from trainer.assessment import OVERALL, Assessment, Slice


@dataclass(frozen=True)
class CountRow:
    """Films of one class, view and source; split -> how many."""

    label: str
    view: str
    source: str
    splits: dict[str, Count]

    @property
    def films(self) -> int:
        """In all splits."""
        return sum(count.films for count in self.splits.values())


@dataclass(frozen=True)
class ConfusionCell:
    """Films of one true class that are called one class.

    Attributes:
        share: Of the films of the true class, 0..1; 0 where it has none.
        right: The two are the same.
    """

    films: int
    share: float
    right: bool


def count_rows(counts: Iterable[Count]) -> list[CountRow]:
    """A row per class, view and source, in the order of the counts."""
    rows: dict[tuple[str, str, str], CountRow] = {}
    for count in counts:
        key = (count.label, count.view, count.source)
        rows.setdefault(key, CountRow(*key, {})).splits[count.split] = count
    return list(rows.values())


def used_splits(counts: Sequence[Count], order: Sequence[str]) -> list[str]:
    """The splits that have a film."""
    return [split for split in order if any(count.split == split for count in counts)]


def confusion_rows(assessment: Assessment) -> list[tuple[str, list[ConfusionCell]]]:
    """True class -> a cell for every class that its films are called."""
    return [
        (
            assessment.classes[true],
            [
                ConfusionCell(films, films / sum(row) if sum(row) else 0.0, true == called)
                for called, films in enumerate(row)
            ],
        )
        for true, row in enumerate(assessment.confusion)
    ]


def not_computable(assessment: Assessment) -> list[tuple[str, str, list[str]]]:
    """Metric, why there is none, and the slices in which that is so."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in assessment.slices:
        for metric, why in one.not_computable.items():
            found.setdefault((metric, why), []).append(name_of(one))
    return [(*key, slices) for key, slices in sorted(found.items())]


def class_gaps(assessment: Assessment) -> list[str]:
    """A sentence for each class of which some metric is not computable."""
    sentences = []
    for name, row in assessment.report.items():
        reasons: dict[str, list[str]] = {}
        for metric, why in row.not_computable.items():
            reasons.setdefault(why, []).append({"f1": "F1", "auc": "area under the ROC curve"}.get(metric, metric))
        for why, metrics in reasons.items():
            sentences.append(f"{name}: {', '.join(metrics)} not computable, for {why}.")
    return sentences


def name_of(one: Slice) -> str:
    """What a slice is called: ``all films``, ``sex F``, ``AP x ward``."""
    if one.by == OVERALL:
        return "all films"
    return one.value if one.by == "view x source" else one.name


def is_of_slice(rule: Rule) -> bool:
    """Whether a rule judges a slice and not all films."""
    return rule.name.startswith("min_") and rule.name.endswith(")")
