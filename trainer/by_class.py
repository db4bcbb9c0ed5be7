"""The classification report: precision, recall, F1 and area of each class against all others, and their averages.

No TensorFlow.
"""

import numpy as np

from trainer.assessment import ClassAverage, ClassRow
from trainer.averages import average
from trainer.metrics import area_under_curve, f1, rate
from trainer.predictions import Predictions
from trainer.ranked_metrics import not_rankable
from trainer.servable import Rate


def report(predictions: Predictions, seed: int) -> dict[str, ClassRow]:
    """A row for each class. Of a class without films nothing is computable, however often it is called.

    Args:
        predictions: A row per film.
        seed: Of the bootstraps.
    """
    patients, rows = np.array(predictions.patient_id, str), {}
    for index, name in enumerate(predictions.classes):
        is_class, called = predictions.label == index, predictions.called == index
        metrics: dict[str, Rate | None] = dict.fromkeys(("precision", "recall", "f1", "auc"))
        if not is_class.any():
            reasons = dict.fromkeys(metrics, f"no film is {name}" if len(predictions) else "no film")
        else:
            metrics |= {"recall": rate(called[is_class], patients[is_class]), "f1": f1(called, is_class, patients)}
            reasons = {key: why for key, why in not_rankable(is_class, patients, 0.5, name).items() if key == "auc"}
            if called.any():
                metrics["precision"] = rate(is_class[called], patients[called])
            else:
                reasons = {"precision": f"no film is called {name}"} | reasons
            if "auc" not in reasons:
                scores = predictions.probabilities[:, index]
                metrics["auc"] = area_under_curve(scores, is_class, patients, seed)
        rows[name] = ClassRow(**metrics, support=int(is_class.sum()), not_computable=reasons)
    return rows


def averages(rows: dict[str, ClassRow], patients: int) -> dict[str, ClassAverage]:
    """The means over the classes that have films: ``macro``, all alike, and ``weighted``, each by its films.

    A class that no film is called has no precision; here it counts as 0, as in scikit-learn's report with
    ``zero_division=0``: leaving it out would reward a model that never names a rare class. The mean of the areas is
    over the classes that have one.

    Args:
        rows: As of :func:`report`.
        patients: Patients of all films.
    """
    present = {name: row for name, row in rows.items() if row.support}
    films = sum(row.support for row in present.values())
    nothing = Rate(value=0, low=0, high=1, n=0, patients=0)

    def mean(metric: str, weights: dict[str, int]) -> Rate | None:
        rates = {name: getattr(row, metric) for name, row in present.items()}
        if metric == "precision":
            rates = {name: one or nothing for name, one in rates.items()}
        known = {name: one for name, one in rates.items() if one is not None}
        if not known:
            return None
        independent = metric in ("precision", "recall")
        return average(
            list(known.values()),
            [weights[name] for name in known],
            independent=independent,
            n=films,
            patients=patients,
        )

    def averaged(weights: dict[str, int]) -> ClassAverage:
        metrics = {metric: mean(metric, weights) for metric in ("precision", "recall", "f1", "auc")}
        return ClassAverage(**metrics, support=films, classes=tuple(present))

    return {
        "macro": averaged(dict.fromkeys(present, 1)),
        "weighted": averaged({name: row.support for name, row in present.items()}),
    }
