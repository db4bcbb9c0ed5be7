import pytest

from benchmarks.claim import Goal, Row
from benchmarks.regression import comparable, worse

FASTER = Row(
    claim=4, what="batches", against="Keras", unit="x as fast", values=(10, 10, 10), goal=Goal(way="at least", bound=5)
)
CHEAPER = FASTER.model_copy(update={"unit": "x the time", "goal": Goal(way="at most", bound=5)})


def _with(row: Row, *values: float, **changes: object) -> Row:
    return row.model_copy(update={"values": values, **changes})


def test_a_median_that_fell_by_more_than_a_tenth_is_named_with_all_that_one_wants_to_know() -> None:
    assert worse([FASTER], [_with(FASTER, 8.5, 8.9, 9.5)]) == [
        "claim 4, batches: 8.9 x as fast, before 10 (8.5 to 9.5 in 3); goal ≥ 5"
    ]
    assert worse([CHEAPER], [_with(CHEAPER, 10.5, 11.1, 12)]) == [
        "claim 4, batches: 11.1 x the time, before 10 (10.5 to 12 in 3); goal ≤ 5"
    ]


@pytest.mark.parametrize(
    "now",
    [
        _with(FASTER, 9, 9.1, 9.2),  # within a tenth
        _with(FASTER, 5, 6, 10),  # spread so wide that the old median is in it
        _with(FASTER, 5, 6, 7, 10, 11),  # likewise, with its better quartile at the old median
        _with(FASTER, 100, 100, 100),  # better
        _with(FASTER, 1, 1, 1, goal=None),
        _with(FASTER, 1, 1, 1, what="batches of another size"),
        _with(FASTER, 1, 1, 1, claim=5),
        _with(CHEAPER, 10.5, 10.9, 11),
        _with(CHEAPER, 1, 1, 1),
    ],
)
def test_no_fault_is_found_in_what_is_as_good_or_not_comparable(now: Row) -> None:
    assert worse([FASTER, CHEAPER], [now]) == []


def test_one_lucky_value_hides_nothing() -> None:
    assert worse([FASTER], [_with(FASTER, 5, 5, 5, 5, 10)]) == [
        "claim 4, batches: 5 x as fast, before 10 (5 to 10 in 5); goal ≥ 5"
    ]
    assert len(worse([CHEAPER], [_with(CHEAPER, 10, 20, 20, 20, 20)])) == 1


def test_a_goal_that_is_lost_within_the_tolerance_is_named() -> None:
    goal = Goal(way="at least", bound=1.4)
    before = _with(FASTER, 1.45, goal=goal)
    assert worse([before], [_with(before, 1.38, 1.38, 1.5)]) == [
        "claim 4, batches: 1.38 x as fast, before 1.45 (1.38 to 1.5 in 3); goal ≥ 1.4, met before"
    ]
    missed = _with(before, 1.39)
    assert worse([missed], [_with(missed, 1.38)]) == []


def test_seconds_are_of_another_machine_and_not_compared() -> None:
    before, now = (_with(CHEAPER, second, unit="s") for second in (1, 99))
    assert worse([before], [now]) == []
    assert not list(comparable([before], [now]))
    assert list(comparable([FASTER], [FASTER])) == [(FASTER, FASTER)]
