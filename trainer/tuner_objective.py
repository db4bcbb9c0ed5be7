"""What a trial is measured by on the eval split. No TensorFlow."""

import numpy as np

from trainer.errors import RunError
from trainer.metrics import area_under_curve
from trainer.ranked_metrics import ranked_metrics
from trainer.servable import Rate
from trainer.tuner_settings import TunerSettings


def objective_name(tuner: TunerSettings) -> str:
    """The objective in words."""
    return "AUC" if tuner.objective == "auc" else f"recall at specificity {tuner.specificity:g}"


def measure_objective(scores: np.ndarray, positives: np.ndarray, patients: np.ndarray, tuner: TunerSettings) -> Rate:
    """The objective with its 95 % interval.

    Args:
        scores: probability of the positive class, [n].
        positives: bool [n], as :func:`check_objective` lets pass.
        patients: str [n].
        tuner: ``objective``, ``specificity`` and ``seed`` decide.
    """
    if tuner.objective == "auc":
        return area_under_curve(scores, positives, patients, tuner.seed)
    # With the sides exchanged the other films are those to find: the specificity at their sensitivity is our recall.
    metrics = ranked_metrics(-np.asarray(scores), ~positives, patients, tuner.specificity, tuner.seed)
    return metrics["specificity_at_sensitivity"]


def check_objective(positives: np.ndarray, patients: np.ndarray, positive: str, tuner: TunerSettings) -> None:
    """Refuses an eval split on which the objective cannot be measured.

    Args:
        positives: bool [n], films of both sides.
        patients: str [n].
        positive: name of the positive class.
        tuner: ``objective`` and ``specificity`` decide.

    Raises:
        RunError: There are too few films or patients.
    """
    for side, name in ((positives, positive), (~positives, f"not {positive}")):
        if np.unique(patients[side]).size < 2:
            raise RunError(
                f"the {side.sum()} eval films that are {name} are of one patient, which tells no trial from another; "
                "give the eval split more patients, or set tuner.trials to 0"
            )
    others = int((~positives).sum())
    if tuner.objective == "recall_at_specificity" and others * (1 - tuner.specificity) < 1 - 1e-9:
        raise RunError(
            f"the eval split has {others} films that are not {positive}, which cannot tell a specificity of "
            f"{tuner.specificity:g} from 1; set tuner.specificity to {np.floor(100 * (1 - 1 / others)) / 100:g} or "
            "less, or tuner.objective to auc"
        )
