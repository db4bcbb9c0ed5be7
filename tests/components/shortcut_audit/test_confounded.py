"""A model that reads a label in the corner is caught, one that reads lungs is not.

Rates over more seeds: docs/shortcuts.md.

Each is trained by the trainer on films of its own seed, exported, and asked through the served signature.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.confounding import LABEL, draw_small
from tests.model_trial import Trial, small_frozen_backbone, train_and_audit
from trainer.settings import TrainerSettings

SEEDS = (1, 2, 3)
PATIENTS = 60  #: per class; 20 pairs are tested on

Train = Callable[..., Trial]


@pytest.fixture
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Trains a head on two frozen random convolutions, with films of 64 px."""

    def train_on(seed: int, **drawn: Any) -> Trial:
        settings = TrainerSettings(weights="random", epochs=40, feature_views=2, seed=seed)
        with small_frozen_backbone():
            return train_and_audit(draw_small(PATIENTS, seed, 64, **drawn), settings, tmp_path_factory.mktemp("trial"))

    return train_on


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_that_can_only_read_the_corner_is_caught(train: Train, seed: int) -> None:
    trial = train(seed, clear_lungs=True, marked=(1.0, 0.0), text=LABEL)
    assert trial.auc("original").low > 0.5, "it has learned something, and there is nothing but the label"
    assert trial.telling


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_that_reads_the_lungs_passes(train: Train, seed: int) -> None:
    trial = train(seed)
    assert trial.auc("original").low > 0.5
    assert trial.telling == ()
