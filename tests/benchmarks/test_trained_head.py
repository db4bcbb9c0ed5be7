"""The claim about the time to a trained head, on a few films and two convolutions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from benchmarks.claim import Effort
from benchmarks.claims import trained_head
from benchmarks.feature_cache import Network
from benchmarks.plain_training import (
    GLANCE,
    PlainTraining,
    Study,
    augmentation_of_the_study,
    draw_study,
    some,
    training_of,
    whole,
)
from tests.model_trial import small_frozen_backbone
from trainer.features import EVAL, TRAIN
from trainer.inference import Inference
from trainer.input import Split
from trainer.servable import Rate

TINY = Study(Network("inception_resnet_v2", 32, 1), train=4, eval=2, epochs=2)


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    with small_frozen_backbone():
        yield


@pytest.fixture
def scratch(films: Path, tmp_path: Path) -> Path:
    """Where the films lie that would be drawn."""
    (tmp_path / "films-of-14-patients").symlink_to(films)
    return tmp_path


def test_a_plain_training_is_its_first_epoch_and_the_others() -> None:
    assert whole(first=10, epoch=2, epochs=50) == 10 + 49 * 2


@pytest.mark.e2e
def test_the_quick_study_draws_as_many_films_as_it_wants(tmp_path: Path) -> None:
    records, _ = draw_study(replace(GLANCE, network=replace(GLANCE.network, side=16)), tmp_path)
    splits = [Split((str(records / name),), ("covid", "healthy"), 16) for name in (TRAIN, EVAL)]
    counts = [np.bincount(split.labels).tolist() for split in splits]
    assert counts == [[GLANCE.train] * 2, [GLANCE.eval] * 2]


def test_so_many_films_of_each_class_and_split_are_taken_and_too_few_are_told() -> None:
    rows: list[Any] = [
        SimpleNamespace(split=split, label=label, number=number)
        for number in range(3)
        for split in ("train", "eval", "test")
        for label in ("covid", "healthy")
    ]
    taken = some(rows, ("covid", "healthy"), {"train": 2, "eval": 1})
    assert sorted((row.split, row.label, row.number) for row in taken) == sorted(
        [("train", label, number) for label in ("covid", "healthy") for number in (0, 1)]
        + [("eval", "covid", 0), ("eval", "healthy", 0)]
    )
    with pytest.raises(ValueError, match=r"^3 films of covid in the split train; 4 are wanted$"):
        some(rows, ("covid", "healthy"), {"train": 4})


def test_the_time_is_measured_with_what_went_through_the_backbone(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Effort, "pairs", 1)
    monkeypatch.setattr(trained_head, "GLANCE", TINY)
    with patch.object(Inference, "__call__", autospec=True, side_effect=Inference.__call__) as passing:
        (row,) = trained_head.measure(Effort(quick=True, real=None, scratch=scratch))
    assert row.what == (
        "records to a trained head: 8 + 4 drawn films, inception_resnet_v2 at 32 px, 2 epochs, augmented"
    )
    assert (len(row.values), str(row.goal)) == (1, "≥ 15")
    assert row.values[0] > 0
    passed = sum(len(call.args[1]) for call in passing.call_args_list)
    assert passed == 2 * 20  # the untimed training and that of the pair
    assert "20 films go through it, with the peer 24;" in row.note


def test_both_sides_are_trained_to_the_end_with_the_same_augmentation(scratch: Path) -> None:
    records, settings = draw_study(TINY, scratch)
    job = training_of(records, settings, TINY, 3, scratch / "kept")
    assert (len(job.train), len(job.eval), job.settings.epochs, job.settings.seed) == (8, 4, 2, 3)
    assert job.settings.augmentation == augmentation_of_the_study()
    area = PlainTraining(job, normalised=True).best_auc(2)
    assert 0 <= area.low <= area.value <= area.high <= 1
    assert area.n == 4


def test_an_area_may_be_two_hundredths_below_the_peers_and_no_more() -> None:
    def rate(value: float) -> Rate:
        return Rate(value=value, low=value - 0.1, high=value + 0.05, n=80, patients=60)

    row = trained_head.area_row([(rate(0.9), rate(0.6)), (rate(0.79), rate(0.8)), (rate(0.6), rate(0.7))], "films")
    assert row.values == pytest.approx((-0.3, 0.01, 0.1))
    assert (row.what, row.met) == ("eval AUC that is lost, the peer's less ours: films, seeds 1 to 3", True)
    assert row.ours == "0.900 (0.80-0.95), 0.790 (0.69-0.84), 0.600 (0.50-0.65)"
    assert row.note.startswith("3 seeds, not pairs in turn;")
    # The intervals overlap, but ours is worse.
    assert trained_head.area_row([(rate(0.77), rate(0.8))], "films").met is False
