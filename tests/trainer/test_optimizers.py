import typing

import pytest

from trainer.optimizers import OPTIMIZERS, build_optimizer
from trainer.settings import OptimizerName, TrainerSettings


def test_the_settings_offer_every_optimizer_and_no_other():
    assert set(OPTIMIZERS) == set(typing.get_args(OptimizerName))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_the_named_one_at_the_learning_rate(name):
    optimizer = build_optimizer(TrainerSettings(optimizer=name, learning_rate=0.01))
    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


def test_nadam_is_the_default_as_in_the_study():
    assert TrainerSettings().optimizer == "nadam"
