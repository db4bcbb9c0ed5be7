"""What a model is worth: every metric of every slice, each with its interval or the reason why it has none.

No TensorFlow.
"""

import numpy as np

from trainer.assessment import Assessment, Slice
from trainer.by_class import averages, report
from trainer.calibration import reliability
from trainer.metrics import f1, rate
from trainer.predictions import Predictions
from trainer.ranked_metrics import not_rankable, ranked_metrics
from trainer.servable import Rate
from trainer.slices import slices


def assess(predictions: Predictions, *, sensitivity: float = 0.95, seed: int = 0) -> Assessment:
    """Measures a model by its predictions on the films of one split.

    Recall, specificity, precision and F1 are those of the positive class against all others, at the model's stored
    threshold; accuracy asks for the very class.

    Args:
        predictions: A row per film, in any order; none at all leaves everything without a number.
        sensitivity: The recall at which ``specificity_at_sensitivity`` is read off, 0 < sensitivity < 1. With
            fewer than 1 / (1 - sensitivity) positive films nothing tells it from 1, and there is no number.
        seed: Of the bootstraps.
    """
    rows = report(predictions, seed)
    both_sides = 0 < predictions.is_positive.sum() < len(predictions)
    return Assessment(
        classes=predictions.classes,
        positive=predictions.classes[predictions.positive],
        threshold=predictions.threshold,
        sensitivity=sensitivity,
        slices=tuple(
            _measure(by, value, predictions.chosen(films), sensitivity, seed)
            for by, value, films in slices(predictions)
        ),
        confusion=_confusion(predictions),
        report=rows,
        averages=averages(rows, len(set(predictions.patient_id))),
        reliability=reliability(predictions.score, predictions.is_positive, np.array(predictions.patient_id), seed)
        if both_sides
        else None,
    )


def _measure(by: str, value: str, films: Predictions, sensitivity: float, seed: int) -> Slice:
    positive, decided, right = films.is_positive, films.decided, films.called == films.label
    patients, name = np.array(films.patient_id, str), films.classes[films.positive]
    shares = {
        "recall": (decided, positive, f"no film is {name}"),
        "specificity": (~decided, ~positive, f"every film is {name}"),
        "precision": (positive, decided, f"no film is called {name}"),
        "accuracy": (right, np.ones(len(films), bool), ""),
    }
    metrics: dict[str, Rate] = {}
    reasons: dict[str, str] = {}
    for metric, (successes, asked, reason) in shares.items():
        if asked.any():
            metrics[metric] = rate(successes[asked], patients[asked])
        else:
            reasons[metric] = reason
    if (positive | decided).any():
        metrics["f1"] = f1(decided, positive, patients)
    else:
        reasons["f1"] = f"no film is {name} or called so"
    reasons |= (unranked := not_rankable(positive, patients, sensitivity, name))
    if "auc" not in unranked:
        ranked = ranked_metrics(films.score, positive, patients, sensitivity, seed)
        metrics |= {metric: measured for metric, measured in ranked.items() if metric not in unranked}
    return Slice(
        by=by,
        value=value,
        films=len(films),
        patients=len(set(films.patient_id)),
        positives=int(positive.sum()),
        metrics=metrics,
        not_computable=reasons if len(films) else dict.fromkeys(reasons, "no film"),
    )


def _confusion(predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    count = len(predictions.classes)
    cells = np.bincount(predictions.label * count + predictions.called, minlength=count**2).reshape(count, count)
    return tuple(tuple(row) for row in cells.tolist())
