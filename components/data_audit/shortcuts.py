"""How well the label can be told from what should not tell it: a check for every such thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from components.data_audit import attributes, pixels
from components.data_audit.association import codes_of
from components.data_audit.audit import Check, Measurement
from components.data_audit.cohort import FOLDS, make_cohort, units_of
from components.data_audit.measures import measure_area, measure_association
from components.data_audit.models import Blocks, Model, logistic_regression, naive_bayes, svm, svm_of_pixels
from components.data_audit.settings import AuditSettings
from components.manifest_gen.rows import ManifestRow


@dataclass(frozen=True)
class Probe:
    """Features that should not tell the label, and the model that tries to tell it from them.

    Attributes:
        name: The check is called ``shortcut_<name>``.
        of: What the features are, for a reader.
        by: What the model is called.
        judged: Whether a high area counts against the data.
    """

    name: str
    of: str
    by: str
    model: Model
    features: Blocks
    judged: bool = True


def check_shortcuts(
    rows: Sequence[ManifestRow], images: np.ndarray, positive: str, settings: AuditSettings, all_films: int
) -> list[Check]:
    """Measures file attributes, metadata, rim and brightness against the label.

    Args:
        rows: The films, each with a record.
        images: Their images, uint8 [N, SIDE, SIDE].
        positive: The class that is told from all others.
        settings: Bounds and policy.
        all_films: How many films there are; more than ``rows`` where only some are measured.

    Returns:
        A check per probe and per categorical attribute; or one warning where a side has fewer than five patients,
        from whom five folds cannot be made.
    """
    positives, units = np.array([row.label == positive for row in rows], bool), units_of(rows)
    patients = [np.unique(units[side]).size for side in (positives, ~positives)]
    if min(patients) < FOLDS:
        return [_not_computable(positive, patients)]
    cohort = make_cohort(positives, units, permutations=settings.permutations, seed=settings.seed)
    share = "" if all_films == len(rows) else f" of {all_films}, chosen by patient (audit.max_films)"
    areas = [
        (probe, measure_area(probe.of, probe.by, probe.model, probe.features, cohort)) for probe in probes(rows, images)
    ]
    associations = [(of, measure_association(of, codes, cohort)) for of, codes in categories(rows).items()]
    return [
        *(_judge(f"shortcut_{p.name}", found, positive, settings, share, judged=p.judged) for p, found in areas),
        *(_judge(f"association_{of}", found, positive, settings, share, judged=True) for of, found in associations),
    ]


def probes(rows: Sequence[ManifestRow], images: np.ndarray) -> list[Probe]:
    """What is tried, in the order in which a reader meets it."""
    codes = categories(rows)
    rim, gradients = pixels.rim_pixels(images), pixels.rim_gradients(images)
    return [
        Probe("file_attributes", "file attributes", "SVM", svm, [attributes.file_attributes(rows)]),
        *(Probe(n, n, "naive Bayes", naive_bayes, [codes[n][:, None]]) for n in ("view", "source", "sex")),
        Probe("age", "age", "SVM", svm, [attributes.ages(rows)]),
        Probe("metadata", "metadata", "SVM", svm, [attributes.metadata(rows)]),
        Probe("rim_logistic", "rim (pixels)", "logistic regression", logistic_regression, [rim]),
        Probe("rim_svm", "rim (HOG, pixels)", "SVM", svm_of_pixels, [gradients, rim]),
        Probe("rim_histogram", "rim (histogram)", "SVM", svm, [pixels.rim_histogram(images)]),
        Probe("brightness", "mean brightness", "SVM", svm, [pixels.brightness(images)]),
        # A dense lung has another histogram than a clear one: here a high area is what one hopes for.
        Probe("histogram", "histogram of the whole film", "SVM", svm, [pixels.histogram(images)], judged=False),
    ]


def categories(rows: Sequence[ManifestRow]) -> dict[str, np.ndarray]:
    """The categorical attributes, int [N] each."""
    values = {
        "view": [row.view for row in rows],
        "source": [row.source for row in rows],
        "sex": attributes.sexes(rows),
        "format": [row.format for row in rows],
        "mode": [row.mode for row in rows],
    }
    return {name: codes_of(of_rows) for name, of_rows in values.items()}


_SETTING: Final = {"AUC": "max_auc", "Cramér's V": "max_cramers_v"}


def _judge(name: str, found: Measurement, positive: str, settings: AuditSettings, share: str, *, judged: bool) -> Check:
    """A lower end at or above the bound counts against the data, unless chance alone goes as far."""
    setting = _SETTING[found.measure]
    bound: float = getattr(settings, setting)
    tells = judged and found.low >= bound and found.value > found.chance
    by = "" if found.by == found.measure else f" by {found.by}"
    accuracy = "" if found.balanced_accuracy is None else f", balanced accuracy {found.balanced_accuracy:.2f}"
    allows = f"audit.{setting} allows {bound:.2f}" if judged else "not judged, for disease in the lungs changes it too"
    return Check(
        name=name,
        verdict=settings.shortcuts if tells else "pass",
        value=found.value,
        bound=bound if judged else None,
        message=(f"{positive} can be told from all others by its {found.of} alone" if tells else found.of)
        + f": {found.measure} {found.value:.2f} ({found.low:.2f} to {found.high:.2f}){by}{accuracy}; "
        f"{allows}, chance reaches {found.chance:.2f}; {found.films} films{share}, {found.patients} patients",
        allowed_by=f"audit.shortcuts: warn, audit.{setting}, or a waiver of '{name}' under audit.waivers",
        measurement=found,
    )


def _not_computable(positive: str, patients: Sequence[int]) -> Check:
    return Check(
        name="shortcuts",
        verdict="warn",
        value=None,
        message=f"what else than the lungs tells the classes apart was not measured: '{positive}' has {patients[0]} "
        f"patients and all other classes have {patients[1]}, but {FOLDS} folds want {FOLDS} of each; add patients",
    )
