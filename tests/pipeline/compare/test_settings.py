"""Settings of single networks, over the group trainer."""

import pytest

from pipeline.compare.settings import CompareSettings
from pipeline.settings import load_settings
from trainer.errors import UsageError
from trainer.settings import FineTuning, TrainerSettings

TRAINER = TrainerSettings(weights="random", epochs=60, feature_views=1, batch_size=8)


def test_a_network_that_is_not_named_follows_the_group_trainer() -> None:
    told = CompareSettings().trainer_of("vgg16", TRAINER)
    assert told == TRAINER.model_copy(update={"backbone": "vgg16"})


def test_what_is_said_of_one_network_holds_for_that_one_and_leaves_the_rest_of_a_group() -> None:
    settings = CompareSettings(networks={"vgg16": {"epochs": 3, "augmentation": {"rotation": 9}}})
    told = settings.trainer_of("vgg16", TRAINER)
    assert (told.epochs, told.batch_size) == (3, 8)
    assert told.augmentation == TRAINER.augmentation.model_copy(update={"rotation": 9})
    assert settings.trainer_of("densenet121", TRAINER).epochs == 60


def test_what_asks_for_a_frozen_part_is_not_meant_for_the_cnn() -> None:
    assert CompareSettings().trainer_of("cnn", TRAINER).feature_views == 0
    tuned = TrainerSettings(fine_tune=FineTuning(layers=2))
    assert CompareSettings().trainer_of("cnn", tuned).fine_tune is None
    assert CompareSettings().trainer_of("vgg16", tuned).fine_tune == tuned.fine_tune


@pytest.mark.parametrize(
    "override, message",
    [
        ("compare.networks.resnet.epochs=3", "compare.networks.resnet is 'resnet': input should be 'cnn', 'vgg16'"),
        (
            "compare.networks.cnn.epoch=3",
            "compare.networks.cnn.epoch is not a setting; did you mean compare.networks.cnn.epochs?",
        ),
        (
            "compare.networks.cnn.augmentation.rotaton=5",
            "compare.networks.cnn.augmentation.rotaton is not a setting; did you mean "
            "compare.networks.cnn.augmentation.rotation?",
        ),
        (
            "compare.networks.cnn.rotation=5",
            "compare.networks.cnn.rotation is not a setting; did you mean compare.networks.cnn.augmentation.rotation?",
        ),
        (
            "compare.networks.cnn.backbon=vgg16",
            "compare.networks.cnn.backbon is not a setting; known are compare.networks.cnn.weights, ",
        ),
        ("compare.networks.cnn=5", "compare.networks: cnn is 5, not keys of the group trainer; for example compare."),
        ("compare.networks.cnn.epochs=0", "compare.networks.cnn.epochs is 0: input should be greater than or"),
        ("compare.networks.cnn.backbone=vgg16", "compare.networks.cnn.backbone is not a setting; the network's name"),
        ("compare.networks.cnn.feature_views=2", "compare.networks.cnn: feature_views is 2, but the cnn has no frozen"),
        ("compare.network.cnn.epochs=3", "compare.network is not a setting; did you mean compare.networks?"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_that_says_what_is_allowed(override: str, message: str) -> None:
    with pytest.raises(UsageError) as fault:
        load_settings("sample", None, [override])
    assert str(fault.value).startswith(message)
    assert len(str(fault.value).splitlines()) == 1


def test_faults_of_several_networks_are_told_at_once() -> None:
    with pytest.raises(UsageError) as fault:
        load_settings("sample", None, ["compare.networks={cnn: {epochs: 0, dense: 0}, vgg16: {dropout: 2}}"])
    assert len(str(fault.value).splitlines()) == 3
