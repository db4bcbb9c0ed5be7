"""Rates against bounds, by an end of the exact interval, with patients as the units."""

import numpy as np
from numpy.typing import ArrayLike

from components.release_gate.decision import Rule
from trainer.statistics import Interval, clopper_pearson, complete_likeness, per_patient


def exact_interval(successes: np.ndarray, patients: ArrayLike) -> Interval:
    """95 % Clopper-Pearson interval of a rate in which the films of a patient count as one observation.

    An estimated design effect would fall to 1 with the first miss, and one miss would then raise the bound.

    Args:
        successes: bool [n], a film each, n >= 1.
        patients: [n].
    """
    effect = complete_likeness(per_patient(successes, patients)[1])
    return clopper_pearson(int(successes.sum()) / effect, successes.size / effect)


def highest_lower_bound(patients: ArrayLike) -> float:
    """The lower end of the interval if no film were missed: more no result on these films can reach.

    Args:
        patients: [n], whose films they are; 0 for no film.
    """
    films = np.asarray(patients).size
    return exact_interval(np.ones(films, bool), patients).low if films else 0.0


def judge_lower_bound(name: str, bound: float, successes: np.ndarray, patients: np.ndarray) -> Rule:
    """Compares the lower end of a rate's interval with a bound.

    Args:
        name: Of the rate; the rule is called ``min_<name>``.
        bound: What the lower end must reach, 0..1.
        successes: bool [n], a film each.
        patients: str [n]; several films of one patient widen the interval.

    Returns:
        The rule; failed where there is no film to compute it from.
    """
    if not successes.size:
        return Rule(
            name=f"min_{name}",
            value=None,
            bound=bound,
            passed=False,
            message=f"{name} is not computable: the test split has no such film; gate.min_{name} asks for {bound:.3f}",
        )
    low, best = exact_interval(successes, patients).low, highest_lower_bound(patients)
    passed = low >= bound
    return Rule(
        name=f"min_{name}",
        value=low,
        bound=bound,
        passed=passed,
        message=f"{name} {_counts(successes, patients)}: lower bound {low:.3f} "
        f"{'reaches' if passed else 'is below'} gate.min_{name} {bound:.3f}"
        + (f", which no result on these films could reach ({best:.3f} with no miss)" if best < bound else ""),
    )


def judge_slice(name: str, of: str, bound: float, successes: np.ndarray, patients: np.ndarray) -> Rule:
    """Compares the upper end of a rate's interval in a slice with a bound: a slice refuses only where it is surely bad.

    Args:
        name: Of the rate.
        of: Name of the slice, for instance ``view AP``.
        bound: What the upper end must reach, 0..1: that of the rate on all films.
        successes: bool [n], n >= 1.
        patients: str [n].
    """
    high = exact_interval(successes, patients).high
    passed = high >= bound
    return Rule(
        name=f"min_{name} ({of})",
        value=high,
        bound=bound,
        passed=passed,
        message=f"{name} in {of} {_counts(successes, patients)}: upper bound {high:.3f} "
        f"{'reaches' if passed else 'is below'} gate.min_{name} {bound:.3f}",
    )


def _counts(successes: np.ndarray, patients: np.ndarray) -> str:
    return f"{int(successes.sum())}/{successes.size} films of {np.unique(patients).size} patients"
