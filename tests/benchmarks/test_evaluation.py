"""The claim on evaluation and audit: what it makes of times, and that it asks as often as it says."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.claims.evaluation import FULL, Case, Subject, rows_of
from benchmarks.pairs import Pairs
from components.score.servable import Servable

# Of a slice without films of one side.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:tensorflow_model_analysis.*")


def test_a_ratio_compares_as_many_passes_on_both_sides() -> None:
    assert FULL.variants == 800
    pairs = Pairs(ours=(30.0, 60.0), peer=(5.0, 5.0))
    components = {"evaluator": [20.0, 10.0, 20.0], "score": [40.0, 20.0, 40.0]}
    judged, first, alone = rows_of(FULL, pairs, FULL.passes // 4, components)
    assert judged.values == pytest.approx((1.5, 3.0))
    assert first.values == pytest.approx((3.0,))
    assert alone.values == pytest.approx(tuple(cost * FULL.passes / 800 for cost in judged.values))
    assert [row.met for row in (judged, first, alone)] == [False, None, None]
    assert (judged.ours, judged.peer) == ("evaluator 15.0 s, score 30.0 s", "20.0 s")


def test_evaluation_and_audit_ask_the_network_as_often_as_the_claim_says(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    for name in ("ask", "ask_files", "explain"):
        asking = getattr(Servable, name)

        def counted(self: Servable, images: Any, *more: Any, asking: Any = asking) -> Any:
            asked.append(len(images))
            return asking(self, images, *more)

        monkeypatch.setattr(Servable, name, counted)
    case = Case("cnn", 32, 6)
    subject = Subject(case, films, tmp_path)
    subject.judge()
    assert sum(asked) + case.films == case.passes  # TFMA asks the signature by itself, once a film
    assert set(subject.seconds) == {"evaluator", "score", "shortcut_audit"}
    passed: list[int] = []
    network = subject._network

    def passing(images: Any) -> Any:
        passed.append(len(images))
        return network(images)

    monkeypatch.setattr(subject, "_network", passing)
    subject.ask()
    assert sum(passed) == subject.asked > 0
