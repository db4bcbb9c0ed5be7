import pytest

from benchmarks.pairs import Pairs, seconds, take_pairs


def test_both_are_warmed_up_once_and_then_timed_in_turn_every_second_pair_the_other_way_round() -> None:
    calls: list[str] = []
    clock = iter(range(1, 100))

    def timer(work) -> float:  # type: ignore[no-untyped-def]
        work()
        return float(next(clock))

    pairs = take_pairs(lambda: calls.append("ours"), lambda: calls.append("peer"), 3, timer)
    assert "".join(name[0] for name in calls) == "op" + "op" + "po" + "op"
    assert pairs == Pairs(ours=(1, 4, 5), peer=(2, 3, 6))


def test_ratios_are_taken_within_a_pair() -> None:
    pairs = Pairs(ours=(1, 2), peer=(4, 1))
    assert pairs.speed_ups == (4, 0.5)
    assert pairs.costs == (0.25, 2)
    with pytest.raises(ValueError, match="zip"):
        _ = Pairs(ours=(1,), peer=(1, 2)).costs


def test_no_pair_is_refused_before_any_work() -> None:
    with pytest.raises(ValueError, match="pairs is 0; at least 1 is needed"):
        take_pairs(pytest.fail, pytest.fail, 0)


def test_a_call_takes_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([3.0, 5.5])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    assert seconds(lambda: None) == 2.5
