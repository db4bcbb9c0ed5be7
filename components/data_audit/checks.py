"""What can be said of the data before training. Every check measures; none refuses (DataGate does)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from components.manifest_gen.manifest import ManifestRow
from components.manifest_gen.rows import Rejection
from trainer.features import SPLITS
from trainer.strict import Settings

Verdict = Literal["pass", "warn", "stop"]


class Check(Settings):
    """One measurement: its value, its bound where it has one, and what follows."""

    name: str
    verdict: Verdict
    value: float = Field(description="what was measured, in the unit that the message names")
    bound: float | None = None
    message: str


class Audit(Settings):
    """All checks of one data set."""

    checks: tuple[Check, ...]

    @property
    def stops(self) -> tuple[Check, ...]:
        """The checks that forbid training."""
        return tuple(check for check in self.checks if check.verdict == "stop")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The checks that a reader of the results must know of."""
        return tuple(check for check in self.checks if check.verdict == "warn")


def check_rejected(rejected: Sequence[Rejection], films: int, max_rejected: float) -> Check:
    """The share of all rows that was left out, for whatever reason."""
    rows = films + len(rejected)
    share = len(rejected) / rows if rows else 1.0
    counts: dict[str, int] = defaultdict(int)
    for rejection in rejected:
        counts[rejection.reason] += 1
    by_reason = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items(), key=lambda kv: (-kv[1], kv)))
    return Check(
        name="rejected",
        verdict="stop" if share > max_rejected else "pass",
        value=share,
        bound=max_rejected,
        message=f"{len(rejected)} of {rows} rows rejected ({share:.1%}; data.max_rejected allows {max_rejected:.1%})"
        + (f": {by_reason}; see rejected.csv" if by_reason else ""),
    )


def check_overlap(rows: Iterable[ManifestRow], split_by: str) -> list[Check]:
    """Patients and identical files that stand in more than one split."""
    splits_of_patient: Mapping[str, set[str]] = _splits_by(rows, lambda row: row.patient_id)
    splits_of_file: Mapping[str, set[str]] = _splits_by(rows, lambda row: row.sha256)
    patients = [patient for patient, splits in splits_of_patient.items() if len(splits) > 1]
    files = [digest for digest, splits in splits_of_file.items() if len(splits) > 1]
    leak_is_known = split_by == "film"
    return [
        Check(
            name="patient_overlap",
            verdict="pass" if not patients else "warn" if leak_is_known else "stop",
            value=len(patients),
            bound=0,
            message=f"{len(patients)} patients have films in more than one split"
            + (
                "; split.by is film, so results on eval and test flatter the model"
                if patients and leak_is_known
                else ""
            )
            + (f": {', '.join(sorted(patients)[:5])}" if patients and not leak_is_known else ""),
        ),
        Check(
            name="file_overlap",
            verdict="stop" if files else "pass",
            value=len(files),
            bound=0,
            message=f"{len(files)} files stand in more than one split"
            + (
                f", sha256 {', '.join(digest[:16] for digest in sorted(files)[:5])}; remove the copies" if files else ""
            ),
        ),
    ]


def check_patients_known(sources: Sequence[str]) -> Check:
    """Sources that do not say which films are of one patient: no split can keep those films together."""
    return Check(
        name="patients_known",
        verdict="warn" if sources else "pass",
        value=len(sources),
        bound=0,
        message=f"{len(sources)} sources name no patients"
        + (
            f" ({', '.join(sources)}): every film counts as a patient of its own, films of one patient may stand on "
            "both sides of a split, and results may flatter the model"
            if sources
            else ""
        ),
    )


def check_classes(rows: Sequence[ManifestRow], classes: Sequence[str]) -> list[Check]:
    """Every class needs a film in every split, else there is nothing to learn, to tune or to measure."""
    checks = []
    for name in classes:
        counts = {split: sum(row.label == name and row.split == split for row in rows) for split in SPLITS}
        empty = [split for split, count in counts.items() if not count]
        listed = ", ".join(f"{split} {count}" for split, count in counts.items())
        checks.append(
            Check(
                name=f"films_of_{name}",
                verdict="stop" if empty else "pass",
                value=min(counts.values()),
                bound=1,
                message=f"{name}: {listed} films"
                + (
                    f"; none in {' and '.join(empty)}: add films of at least three patients of the class, "
                    "or widen data.findings or data.views"
                    if empty
                    else ""
                ),
            )
        )
    return checks


def check_anomalies(anomalies: Mapping[str, Iterable[tuple[str, str, bool]]]) -> list[Check]:
    """What ExampleValidator found.

    Args:
        anomalies: For every split, (feature, description, whether it is an error).
    """
    found = [
        Check(
            name=f"anomaly_{split}_{feature}",
            verdict="stop" if is_error else "warn",
            value=1,
            bound=0,
            message=f"{split}: feature '{feature}': {description}",
        )
        for split, entries in anomalies.items()
        for feature, description, is_error in entries
    ]
    return found or [
        Check(name="anomalies", verdict="pass", value=0, bound=0, message="no anomaly against schema/schema.pbtxt")
    ]


def _splits_by(rows: Iterable[ManifestRow], key: Callable[[ManifestRow], str]) -> dict[str, set[str]]:
    splits: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.split in SPLITS:
            splits[key(row)].add(row.split)
    return splits
