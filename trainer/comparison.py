"""Two models on the same films. No TensorFlow."""

import numpy as np

from trainer.assessment import Comparison
from trainer.predictions import Predictions
from trainer.statistics import mcnemar_exact


def compare(candidate: Predictions, other: Predictions) -> tuple[Comparison, ...]:
    """Compares the decisions of two models, each at its own stored threshold, on the films that both have seen.

    Films are paired by ``image_id``. Rows with the same one are the same bytes, which no model can tell apart: they are
    one film here, the first of them. Labels and patients are the candidate's.

    McNemar's test takes its cases to be independent, and the films of one patient are not. So patients are its cases:
    one counts for the model that has more of his films right, and for neither where they are even. With one film each
    that is the test on films.

    Returns:
        Recall, on films of the positive class, and specificity, on all others; p = 1 where no film is shared.
    """
    ours, theirs = _paired(candidate, other)
    truth = ours.is_positive
    gain = (ours.decided == truth).astype(int) - (theirs.decided == truth)
    return (
        _compare("recall", ours, gain, ours.is_positive),
        _compare("specificity", ours, gain, ~ours.is_positive),
    )


def compare_most_probable(candidate: Predictions, other: Predictions) -> Comparison:
    """The same of accuracy over the films of all classes, each called by its most probable class: no threshold."""
    ours, theirs = _paired(candidate, other)
    first, second = (one.probabilities.argmax(axis=1) == ours.label for one in (ours, theirs))
    return _compare("accuracy", ours, first.astype(int) - second, np.ones(len(ours), bool))


def _paired(candidate: Predictions, other: Predictions) -> tuple[Predictions, Predictions]:
    """The films that both have seen, in the same order."""
    places = {image: index for index, image in reversed(list(enumerate(other.image_id)))}
    seen: dict[str, int] = {}
    for index, image in enumerate(candidate.image_id):
        if image in places:
            seen.setdefault(image, index)
    ours = candidate.chosen(np.array(list(seen.values()), int))
    return ours, other.chosen(np.array([places[image] for image in seen], int))


def _compare(of: str, ours: Predictions, gain: np.ndarray, films: np.ndarray) -> Comparison:
    """``gain``, int [N]: 1 where ours alone is right, -1 where the other alone is."""
    gain = gain[films]
    names, patient = np.unique(np.asarray(ours.patient_id)[films], return_inverse=True)
    balance = np.bincount(patient, gain, minlength=names.size)
    better_patients, worse_patients = int((balance > 0).sum()), int((balance < 0).sum())
    p, p_worse = mcnemar_exact(better_patients, worse_patients)
    return Comparison(
        of=of,
        films=gain.size,
        patients=names.size,
        better=int((gain > 0).sum()),
        worse=int((gain < 0).sum()),
        better_patients=better_patients,
        worse_patients=worse_patients,
        p=p,
        p_worse=p_worse,
    )
