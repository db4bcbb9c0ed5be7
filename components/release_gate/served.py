"""The candidate against the model that is served now, on the same films."""

import numpy as np

from components.release_gate.decision import Rule
from components.release_gate.evidence import Served
from trainer.assessment import Comparison
from trainer.comparison import compare
from trainer.predictions import Predictions


def compare_with_served(
    candidate: Predictions, served: Served | None, bound: float
) -> tuple[tuple[Comparison, ...], tuple[Rule, ...]]:
    """Refuses a candidate that is surely worse than what it would replace.

    Films that the served model has learned from are left out: there it is better than it is.

    Args:
        candidate: A row per test film.
        served: None where no model is served: then there is no rule.
        bound: p-value below which ``worse`` is no chance; 0 judges none.

    Returns:
        The comparisons, and a rule for each; one failed rule where the served model could not be asked.
    """
    if served is None or bound == 0:
        return (), ()
    if served.predictions is None:
        message = (
            f"version {served.version}, which is served, could not be asked about these films ({served.fault}), so "
            "whether the new one is worse is not known; set gate.worse_than_served to 0 to replace it unseen"
        )
        return (), (Rule(name="not_worse", value=None, bound=bound, passed=False, message=message),)
    new = np.array([image_id not in served.known for image_id in candidate.image_id], bool)
    comparisons = compare(candidate.chosen(new), served.predictions)
    return comparisons, tuple(_judge(one, served.version, bound, int((~new).sum())) for one in comparisons)


def _judge(one: Comparison, version: str, bound: float, left_out: int) -> Rule:
    passed = one.films > 0 and one.p_worse >= bound
    against = f"against version {version}, {one.of} on {one.films} films of {one.patients} patients"
    if one.films:
        result = (
            f"better on {one.better}, worse on {one.worse}; McNemar's exact test, one-sided p {one.p_worse:.3f} "
            f"{'reaches' if passed else 'is below'} gate.worse_than_served {bound:g}"
        )
    else:
        result = "not computable; set gate.worse_than_served to 0 to replace it unseen"
    return Rule(
        name=f"not_worse ({one.of})",
        value=one.p_worse if one.films else None,
        bound=bound,
        passed=passed,
        message=f"{against}: {result}"
        + (f"; {left_out} films that it has learned from are left out" if left_out else ""),
    )
