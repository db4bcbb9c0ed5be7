"""The claim about a search over the head, on a few films and two convolutions."""

from pathlib import Path
from unittest.mock import patch

import pytest

from benchmarks.claim import Effort
from benchmarks.claims import tuner
from benchmarks.feature_cache import Network
from benchmarks.plain_training import Study
from tests.model_trial import small_frozen_backbone
from trainer.inference import Inference


def test_a_search_is_its_features_once_and_its_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuner, "TIMED", 4)
    assert tuner.of_search(features=100, trials=8) == 100 + 5 * 8


def test_the_features_are_computed_in_the_first_search_alone(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "films-of-14-patients").symlink_to(films)
    monkeypatch.setattr(Effort, "pairs", 1)
    monkeypatch.setattr(tuner, "TIMED", 1)
    monkeypatch.setattr(tuner, "GLANCE", Study(Network("inception_resnet_v2", 32, 1), train=4, eval=2, epochs=2))
    passing = patch.object(Inference, "__call__", autospec=True, side_effect=Inference.__call__)
    with small_frozen_backbone(), passing as passed:
        (row,) = tuner.measure(Effort(quick=True, real=None, scratch=tmp_path))
    assert (row.claim, len(row.values), str(row.goal)) == (8, 1, "≥ 30")
    assert row.values[0] > 0
    assert row.what.startswith("a search of 20 trials: 8 + 4 drawn films")
    assert sum(len(call.args[1]) for call in passed.call_args_list) == 76  # of both searches together
    assert "s for features of 76 films, measured once, and 20 times the 1 trials of the pair" in row.note
