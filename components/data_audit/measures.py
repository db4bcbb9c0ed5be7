"""One measurement of how far something tells the label: an area under the curve, or Cramér's V."""

import math

import numpy as np
import sklearn

from components.data_audit.association import cramers_v, interval_of_v, table_of
from components.data_audit.audit import Measurement
from components.data_audit.cohort import FOLDS, Cohort
from components.data_audit.models import Blocks, Model
from trainer.statistics import auc, bootstrap_auc


def measure_area(of: str, by: str, model: Model, blocks: Blocks, cohort: Cohort) -> Measurement:
    """Cross-validates a model, patients kept apart, on true and on permuted labels.

    The interval is that of the out-of-fold scores; that other films would have made other models is not in it.
    Features that are the same for all films are left out; where no other is left the area is .5.

    Args:
        of: Name of what is measured.
        by: What the model is called.
        model: What tries to tell the label.
        blocks: From which features, float [N, d] each.
        cohort: The films.
    """
    labelings, positives = cohort.labelings, cohort.positives
    scores = out_of_fold(model, blocks, cohort)
    areas = [auc(of_labeling, labels) for of_labeling, labels in zip(scores, labelings, strict=True)]
    interval = bootstrap_auc(scores[0], positives, cohort.units, cohort.seed, replicates=1000)
    found = scores[0] > 0
    return Measurement(
        of=of,
        measure="AUC",
        by=by,
        value=areas[0],
        low=interval.low,
        high=interval.high,
        chance=_high(areas[1:]),
        permutations=len(areas) - 1,
        balanced_accuracy=float((found[positives].mean() + (~found[~positives]).mean()) / 2),
        films=positives.size,
        patients=np.unique(cohort.units).size,
    )


def measure_association(of: str, categories: np.ndarray, cohort: Cohort) -> Measurement:
    """Cramér's V of categories, int [N] 0..r-1, against the true and the permuted labels."""
    values = [float(cramers_v(table_of(categories, labels))) for labels in cohort.labelings]
    interval = interval_of_v(categories, cohort.positives, cohort.units, cohort.seed)
    return Measurement(
        of=of,
        measure="Cramér's V",
        by="Cramér's V",
        value=values[0],
        low=interval.low,
        high=interval.high,
        chance=_high(values[1:]),
        permutations=len(values) - 1,
        films=categories.size,
        patients=np.unique(cohort.units).size,
    )


def out_of_fold(model: Model, blocks: Blocks, cohort: Cohort) -> np.ndarray:
    """Scores float [L, N] of every film, under each labeling, by a model that has not seen its patient."""
    varied = [block[:, np.ptp(block, axis=0) > 0] for block in blocks]
    varied = [block for block in varied if block.shape[1]]
    scores = np.zeros(cohort.labelings.shape)
    for fold in range(FOLDS if varied else 0):
        train, test = cohort.folds != fold, cohort.folds == fold
        parts = [block[train] for block in varied], [block[test] for block in varied]
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):  # as long as the fit itself
            scores[:, test] = model(*parts, cohort.labelings[:, train])
    return scores


def _high(values: list[float]) -> float:
    """The value that at most 1 of 20 exceeds, one of those given."""
    return sorted(values)[math.ceil(0.95 * (len(values) - 1))]
