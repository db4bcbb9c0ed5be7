"""Whether figures got worse since the committed ones. Ratios alone are compared: seconds are of another machine."""

from collections.abc import Iterable, Iterator
from typing import Final

from benchmarks.claim import Row

#: Fraction by which a median may be worse before that is said, beside the spread of the values.
TOLERANCE: Final = 0.1


def comparable(before: Iterable[Row], now: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Old and new row of the same claim, work and unit; those without a goal or counted in seconds are left out."""
    old = {_key(row): row for row in before}
    for row in now:
        known = old.get(_key(row))
        if known is not None and row.goal is not None and row.unit != "s":
            yield known, row


def worse(before: Iterable[Row], now: Iterable[Row]) -> list[str]:
    """A line for each row that lost its goal, or whose median is worse by more than a tenth.

    Worse is worse than the old median in the better quartile of its values too, so that no lucky one hides it.
    """
    faults = []
    for old, new in comparable(before, now):
        assert new.goal is not None
        sign = 1 if new.goal.way == "at least" else -1
        best = sorted(new.values, reverse=sign == 1)[len(new.values) // 4]
        allowed = old.median * (1 - sign * TOLERANCE)
        slower = sign * new.median < sign * allowed and sign * best < sign * old.median
        lost = bool(old.met) and not new.met
        if slower or lost:
            faults.append(
                f"claim {new.claim}, {new.what}: {new.median:.3g} {new.unit}, before {old.median:.3g} "
                f"({min(new.values):.3g} to {max(new.values):.3g} in {len(new.values)}); "
                f"goal {new.goal}{', met before' * lost}"
            )
    return faults


def gone(before: Iterable[Row], now: Iterable[Row]) -> list[str]:
    """A line for each row that has no successor of the same claim, work and unit, such as one of absent real films."""
    kept = {_key(row) for row in now}
    return [f"claim {row.claim}, {row.what}: measured before and not now" for row in before if _key(row) not in kept]


def _key(row: Row) -> tuple[int, str, str]:
    return row.claim, row.what, row.unit
