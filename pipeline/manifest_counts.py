"""How many films and patients a manifest holds, by what they are."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from components.manifest_gen.rows import ManifestRow, Rejection
from trainer.features import SPLITS, UNUSED


@dataclass(frozen=True)
class Count:
    """Films of one class, view, source and split.

    Attributes:
        label: Class.
        view: As in `trainer.features.VIEWS`.
        source: Name of the source.
        split: One of `trainer.features.SPLITS`, or ``unused``.
        films: Number of films.
        patients: Number of patients who have them; one who has films of two kinds is counted with both.
    """

    label: str
    view: str
    source: str
    split: str
    films: int
    patients: int


def counts_of(rows: Iterable[ManifestRow]) -> list[Count]:
    """The kinds of films that there are, by class, view and source, the splits in their order."""
    films: Counter[tuple[str, str, str, str]] = Counter()
    patients: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        kind = (row.label, row.view, row.source, row.split)
        films[kind] += 1
        patients[kind].add(row.patient_id)
    order = (*SPLITS, UNUSED)
    kinds = sorted(films, key=lambda kind: (*kind[:3], order.index(kind[3])))
    return [Count(*kind, films[kind], len(patients[kind])) for kind in kinds]


def rejections_of(rejected: Iterable[Rejection]) -> list[tuple[str, str, int]]:
    """Source, reason and number of rejections, the most frequent first within each source."""
    found = Counter((one.source, one.reason) for one in rejected)
    return [(*key, number) for key, number in sorted(found.items(), key=lambda one: (one[0][0], -one[1], one[0][1]))]
