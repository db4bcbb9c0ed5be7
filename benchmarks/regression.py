"""Whether figures got worse since the committed ones. Ratios alone are compared: seconds are of another machine."""

from collections.abc import Iterable
from typing import Final

from benchmarks.claim import Row

#: Fraction by which a median may be worse before that is said, beside the spread of the values.
TOLERANCE: Final = 0.1


def worse(before: Iterable[Row], now: Iterable[Row]) -> list[str]:
    """A line for each row whose median is worse by more than a tenth, with no value as good as the old median.

    Rows without a goal, without a counterpart of the same claim, work and unit, or counted in seconds are left out.
    """
    old = {_key(row): row for row in before}
    faults = []
    for row in now:
        known = old.get(_key(row))
        if known is None or row.goal is None or row.unit == "s":
            continue
        more_is_better = row.goal.way == "at least"
        sign = 1 if more_is_better else -1
        best = max(row.values) if more_is_better else min(row.values)
        allowed = known.median * (1 - sign * TOLERANCE)
        if sign * row.median < sign * allowed and sign * best < sign * known.median:
            faults.append(
                f"claim {row.claim}, {row.what}: {row.median:.3g} {row.unit}, before {known.median:.3g} "
                f"({min(row.values):.3g} to {max(row.values):.3g} in {len(row.values)}); goal {row.goal}"
            )
    return faults


def _key(row: Row) -> tuple[int, str, str]:
    return row.claim, row.what, row.unit
