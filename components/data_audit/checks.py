"""What can be counted before training: rejects, leaks, films and patients. None refuses (DataGate does)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from components.data_audit.audit import Check
from components.manifest_gen.rows import NOT_FETCHED, ManifestRow, Rejection
from trainer.features import EVAL, SPLITS, TEST, TRAIN

#: What a person can do about copies in two splits; a result on films that were trained on is no result.
_NO_WAY = "nothing: remove the copies, or set data.duplicates to drop"
_MORE_FILMS = "add films of at least three patients of the class, or widen data.findings or data.views"
#: Split -> what follows where a class has no film in it.
_WITHOUT = {
    TRAIN: "the model cannot learn it",
    EVAL: "training stops and the threshold is chosen without it",
    TEST: "nothing is measured of it",
}


def check_rejected(rejected: Sequence[Rejection], films: int, max_rejected: float) -> Check:
    """The share of all rows that was left out, by whichever component.

    Rows whose films were never fetched, of a source that the settings call partial, count on neither side.
    """
    faults = [rejection for rejection in rejected if rejection.reason != NOT_FETCHED]
    absent = len(rejected) - len(faults)
    rows = films + len(faults)
    share = len(faults) / rows if rows else 1.0
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for rejection in faults:
        counts[rejection.source][rejection.reason] += 1
    by_source = "; ".join(
        f"{source}: " + ", ".join(f"{reason} {n}" for reason, n in sorted(of.items(), key=lambda kv: (-kv[1], kv)))
        for source, of in sorted(counts.items())
    )
    return Check(
        name="rejected",
        verdict="stop" if share > max_rejected else "pass",
        value=share,
        bound=max_rejected,
        message=f"{len(faults)} of {rows} rows rejected ({share:.1%}; data.max_rejected allows {max_rejected:.1%})"
        + (f" ({by_source}); see rejected.csv" if by_source else "")
        + (f"; {absent} rows of partial sources, whose films are not here, do not count" if absent else ""),
        allowed_by="data.max_rejected",
        waivable=False,
    )


def check_overlap(rows: Sequence[ManifestRow], split_by: str) -> list[Check]:
    """Patients, identical files and copies of a film that stand in more than one split."""
    patients = _in_two_splits(rows, lambda row: row.patient_id)
    files = _in_two_splits(rows, lambda row: row.sha256)
    groups = _in_two_splits(rows, lambda row: row.group)
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
            + (f": {', '.join(patients[:5])}" if patients and not leak_is_known else ""),
            allowed_by="split.by: film, and then results flatter the model",
            waivable=False,
        ),
        Check(
            name="file_overlap",
            verdict="stop" if files else "pass",
            value=len(files),
            bound=0,
            message=f"{len(files)} files stand in more than one split"
            + (f", sha256 {', '.join(digest[:16] for digest in files[:5])}" if files else ""),
            allowed_by=_NO_WAY,
            waivable=False,
        ),
        Check(
            name="copy_overlap",
            verdict="stop" if groups else "pass",
            value=len(groups),
            bound=0,
            message=f"{len(groups)} films have copies in more than one split"
            + (f", group {', '.join(groups[:5])}" if groups else ""),
            allowed_by=_NO_WAY,
            waivable=False,
        ),
    ]


def check_patients_known(
    sources: Sequence[str],
    consequence: str = "films of one patient may stand on both sides of a split, and results may flatter the model",
) -> Check:
    """Sources that do not say which films are of one patient: no split can keep those films together.

    Args:
        sources: Their names.
        consequence: What follows, for a reader.
    """
    return Check(
        name="patients_known",
        verdict="warn" if sources else "pass",
        value=len(sources),
        bound=0,
        message=f"{len(sources)} sources name no patients"
        + (f" ({', '.join(sources)}): every film counts as a patient of its own, {consequence}" if sources else ""),
    )


def check_classes(rows: Sequence[ManifestRow], classes: Sequence[str], positive: str, min_patients: int) -> list[Check]:
    """Films and patients of every class in every split: none of one is nothing to learn, to tune or to measure.

    Without films of the positive class, or of any other, in some split there is no model and no result, and the run
    stops. Where further classes are left, one without films is a warning: the model will never call a film so.

    Args:
        rows: Usable films.
        classes: Names of the classes.
        positive: The one that stands against all others.
        min_patients: In each split; fewer are a warning.
    """
    usable = [row for row in rows if row.split in SPLITS]
    with_others = {row.split for row in usable if row.label != positive}
    checks = []
    for name in classes:
        films = {split: [r for r in usable if r.label == name and r.split == split] for split in SPLITS}
        patients = {split: len({row.patient_id for row in of}) for split, of in films.items()}
        listed = ", ".join(f"{split} {len(films[split])} ({patients[split]})" for split in SPLITS)
        empty = [split for split, count in patients.items() if not count]
        few = [split for split, count in patients.items() if count < min_patients]
        stops = bool(empty) and (name == positive or not with_others.issuperset(empty))
        if stops:
            told = f"{listed} films (patients); none in {' and '.join(empty)}: {_MORE_FILMS}"
        elif len(empty) == len(SPLITS):
            told = (
                f"no film at all, so the model cannot learn it and nothing is measured of it: {_MORE_FILMS}, or take "
            )
            told += "the class out of data.classes"
        elif empty:
            told = f"{listed} films (patients); none in {' and '.join(empty)}, so "
            told += " and ".join(_WITHOUT[split] for split in empty) + f": {_MORE_FILMS}"
        elif few:
            told = f"{listed} films (patients); fewer than audit.min_patients ({min_patients}) patients in "
            told += f"{' and '.join(few)}, on whom no result says much"
        else:
            told = f"{listed} films (patients)"
        checks.append(
            Check(
                name=f"films_of_{name}",
                verdict="stop" if stops else "warn" if few else "pass",
                value=min(patients.values()),
                bound=min_patients,
                message=f"{name}: {told}",
                allowed_by="nothing: there is no class without films",
                waivable=not stops,
            )
        )
    return checks


def _in_two_splits(rows: Iterable[ManifestRow], key: Callable[[ManifestRow], str]) -> list[str]:
    """Values of a column that stand in more than one split, in order; the empty one says nothing."""
    splits: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.split in SPLITS and key(row):
            splits[key(row)].add(row.split)
    return sorted(value for value, names in splits.items() if len(names) > 1)
