import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmarks.claim import Effort, Goal, Row

ROW = Row(claim=1, what="work on 3 films", against="peer", unit="x as fast", values=(1.0, 9.0, 2.0))


@pytest.mark.parametrize("way, met", [("at least", (False, True, True)), ("at most", (True, True, False))])
def test_a_goal_is_met_at_its_bound_and_on_one_side_of_it(way: str, met: tuple[bool, ...]) -> None:
    goal = Goal.model_validate({"way": way, "bound": 1.5})
    assert tuple(map(goal.met, (1.49, 1.5, 1.51))) == met
    assert str(goal) == {"at least": "≥ 1.5", "at most": "≤ 1.5"}[way]


def test_the_median_is_judged_and_a_row_without_a_goal_is_not() -> None:
    assert ROW.median == 2
    assert ROW.met is None
    assert ROW.model_copy(update={"goal": Goal(way="at least", bound=2)}).met is True
    assert ROW.model_copy(update={"goal": Goal(way="at least", bound=2.1)}).met is False


@pytest.mark.parametrize("values", [(), (1.0, math.nan), (math.inf,)])
def test_no_value_and_a_value_that_is_no_number_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError, match="values"):
        Row.model_validate(ROW.model_dump() | {"values": values})


def test_a_quick_effort_takes_fewer_pairs() -> None:
    assert [Effort(quick, None, Path()).pairs for quick in (True, False)] == [3, 5]
