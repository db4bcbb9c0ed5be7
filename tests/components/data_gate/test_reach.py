"""What no result can reach, said before training."""

from types import SimpleNamespace
from typing import Any

import pytest

from components.data_gate.reach import out_of_reach
from components.release_gate.settings import GateSettings


def rows(label: str, films: int, patients: int | None = None, split: str = "test") -> list[Any]:
    return [
        SimpleNamespace(label=label, patient_id=f"{label}{n % (patients or films)}", split=split) for n in range(films)
    ]


@pytest.mark.parametrize("bound, told", [(0.78, 0), (0.79, 1)])
def test_fifteen_films_without_a_miss_reach_78(bound: float, told: int) -> None:
    gate = GateSettings(min_recall=bound, min_specificity=0.5)
    messages = list(out_of_reach([*rows("covid", 15), *rows("healthy", 40)], "covid", gate))
    assert len(messages) == told
    assert all("gate.min_recall 0.790" in message and "0.782 at best" in message for message in messages)


def test_several_films_of_a_patient_reach_less() -> None:
    gate = GateSettings(min_recall=0.6, min_specificity=0)
    (message,) = out_of_reach(rows("covid", 20, patients=5), "covid", gate)
    assert "20 such films of 5 patients" in message


def test_films_of_other_splits_do_not_count() -> None:
    gate = GateSettings(min_recall=0.1, min_specificity=0)
    (message,) = out_of_reach([*rows("covid", 99, split="train"), *rows("healthy", 9)], "covid", gate)
    assert "0 such films of 0 patients" in message
    assert "0.000 at best" in message
