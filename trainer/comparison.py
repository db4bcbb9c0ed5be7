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
    places = {image: index for index, image in reversed(list(enumerate(other.image_id)))}
    seen: dict[str, int] = {}
    for index, image in enumerate(candidate.image_id):
        if image in places:
            seen.setdefault(image, index)
    ours = candidate.chosen(np.array(list(seen.values()), int))
    theirs = other.chosen(np.array([places[image] for image in seen], int))
    return (
        _compare("recall", ours, theirs, ours.is_positive),
        _compare("specificity", ours, theirs, ~ours.is_positive),
    )


def _compare(of: str, ours: Predictions, theirs: Predictions, films: np.ndarray) -> Comparison:
    truth = ours.is_positive[films]
    gain = (ours.decided[films] == truth).astype(int) - (theirs.decided[films] == truth)
    names, patient = np.unique(np.asarray(ours.patient_id)[films], return_inverse=True)
    balance = np.bincount(patient, gain, minlength=names.size)
    p, p_worse = mcnemar_exact(int((balance > 0).sum()), int((balance < 0).sum()))
    return Comparison(
        of=of,
        films=gain.size,
        patients=names.size,
        better=int((gain > 0).sum()),
        worse=int((gain < 0).sum()),
        p=p,
        p_worse=p_worse,
    )
