"""What the altered films say about a model, computed from its predictions alone. No TensorFlow."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from components.score.variants import VARIANTS
from components.shortcut_audit.report import VariantResult
from trainer.metrics import area_under_curve, rate
from trainer.predictions import ORIGINAL, Predictions
from trainer.servable import Rate
from trainer.statistics import pairs_of

#: Patients on each side from which on scores that part the sides completely are no chance: of 70 ways to name four of
#: eight patients positive, two part them (p = .029). Their interval, which knows only of pairs, is wide still.
SURE: Final = 4


def find(variants: Mapping[str, Predictions], bound: float, seed: int = 0) -> tuple[VariantResult, ...]:
    """Measures how far a model tells the classes apart on every variant of the test films.

    A judged variant tells where the patient-bootstrap interval of its area under the curve lies at or above ``bound``,
    or at or below ``1 - bound``: a model that reads the frame may read it the other way round where lungs are black.
    Where the scores part the sides completely it tells from `SURE` patients a side on, however wide the interval. A
    bound of 1 judges none.

    Args:
        variants: Name of the variant -> predictions, all by one model on the same films in the same order.
        bound: Area under the curve, 0.5..1.
        seed: Of the bootstrap.

    Returns:
        The films as they are first, then the known variants in the order of ``VARIANTS``. What has no film to be
        computed from is None, and then the variant does not tell.
    """
    original = variants[ORIGINAL]
    known = [(variant.name, variant.shows, variant.judged) for variant in VARIANTS if variant.name in variants]
    return tuple(
        _measure(variants[name], original, bound, seed, name, shows, judged=judged)
        for name, shows, judged in [(ORIGINAL, "the film as it is", False), *known]
    )


def _measure(
    altered: Predictions, original: Predictions, bound: float, seed: int, name: str, shows: str, *, judged: bool
) -> VariantResult:
    positives, patients = altered.is_positive, np.asarray(altered.patient_id)
    both = bool(positives.any() and not positives.all())
    auc = area_under_curve(altered.score, positives, patients, seed) if both else None
    apart = auc is not None and bound < 1 and auc.value in (0, 1) and pairs_of(positives, patients) >= SURE
    return VariantResult(
        name=name,
        shows=shows,
        judged=judged,
        auc=auc,
        recall=_rate(altered.decided[positives], patients[positives]),
        specificity=_rate(~altered.decided[~positives], patients[~positives]),
        changed=None if altered is original else _rate(altered.decided != original.decided, patients),
        tells=judged and auc is not None and (auc.low >= bound or auc.high <= 1 - bound or apart),
    )


def _rate(successes: np.ndarray, patients: np.ndarray) -> Rate | None:
    return rate(successes, patients) if successes.size else None
