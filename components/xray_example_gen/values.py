"""What a row of the manifest says of its record, feature by feature. No TensorFlow."""

from collections.abc import Sequence

from components.manifest_gen.manifest import ManifestRow
from trainer import features


def record_values(row: ManifestRow, classes: Sequence[str]) -> dict[str, str | int | float | None]:
    """Every feature but the image; None for a value that is not known, which is a feature that is not there.

    Args:
        row: The film's row in the manifest.
        classes: Names of the classes; the label is the index of the row's label.
    """
    return {
        features.LABEL: classes.index(row.label),
        features.FINDING: first_finding(row.finding),
        features.VIEW: row.view,
        features.PATIENT_ID: row.patient_id,
        features.SOURCE: row.source,
        features.SEX: row.sex,
        features.AGE: row.age,
        features.IMAGE_ID: row.image_id,
    }


def first_finding(finding: str) -> str:
    """The first of a list as NIH writes it (``Infiltration|Pneumonia``), or the finding itself."""
    return finding.partition("|")[0].strip()
