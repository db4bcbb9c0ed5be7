"""Rates against bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.release_gate.bounds import highest_lower_bound, judge_lower_bound, judge_slice


@pytest.mark.parametrize("films, low", [(24, 0.858), (40, 0.912), (15, 0.782)])
def test_no_miss_among_few_films_is_not_yet_certainty(films: int, low: float) -> None:
    patients = np.arange(films)
    rule = judge_lower_bound("recall", 0.85, np.ones(films, bool), patients)
    assert rule.value == pytest.approx(low, abs=5e-4)
    assert rule.value == highest_lower_bound(patients)
    assert rule.passed == (low >= 0.85)
    assert ("no result on these films could reach (0.782 with no miss)" in rule.message) == (films == 15)


def test_several_films_of_a_patient_widen_the_interval() -> None:
    alone = judge_lower_bound("recall", 0, np.ones(24, bool), np.arange(24))
    paired = judge_lower_bound("recall", 0, np.ones(24, bool), np.arange(24) // 2)
    twelve = judge_lower_bound("recall", 0, np.ones(12, bool), np.arange(12))
    assert paired.value == pytest.approx(twelve.value)
    assert (paired.value or 0) < (alone.value or 0)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20), st.data())
def test_a_miss_never_raises_the_bound(films: list[int], data: st.DataObject) -> None:
    patients = np.repeat(np.arange(len(films)), films)
    found = np.array(data.draw(st.lists(st.booleans(), min_size=patients.size, max_size=patients.size)))
    fewer = found.copy()
    fewer[np.flatnonzero(found)[:1]] = False
    bounds = [judge_lower_bound("recall", 0, hits, patients).value or 0 for hits in (found, fewer)]
    assert bounds[1] <= bounds[0]
    assert bounds[0] <= highest_lower_bound(patients)


@pytest.mark.parametrize("hits, passed", [(5, False), (9, True), (10, True)])  # upper ends of 10: .81, .997, 1
def test_a_slice_refuses_only_where_its_upper_end_is_below_the_bound(hits: int, passed: bool) -> None:
    rule = judge_slice("recall", "view AP", 0.85, np.arange(10) < hits, np.arange(10))
    assert rule.passed is passed
    assert rule.name == "min_recall (view AP)"
    assert f"{hits}/10 films of 10 patients: upper bound" in rule.message


def test_without_a_film_nothing_can_be_reached() -> None:
    assert highest_lower_bound([]) == 0
    assert not judge_lower_bound("recall", 0, np.empty(0, bool), np.empty(0, str)).passed
