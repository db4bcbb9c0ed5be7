import pytest
from pydantic import ValidationError

from trainer.setting_faults import known_keys, meant, told
from trainer.settings import TrainerSettings

KNOWN = list(known_keys(TrainerSettings))


def test_the_keys_of_groups_within_are_known_too() -> None:
    assert {"epochs", "augmentation.zoom", "fine_tune", "fine_tune.layers"} <= set(KNOWN)


@pytest.mark.parametrize(
    "key, hint",
    [
        ("epoch", "did you mean trainer.epochs?"),
        ("augmentation.rotaton", "did you mean trainer.augmentation.rotation?"),
        ("rotation", "did you mean trainer.augmentation.rotation?"),
        ("fine_tuning.epochs", "did you mean trainer.fine_tune.epochs?"),
        ("zzz", "known are trainer.backbone, trainer.weights, trainer.epochs, "),
    ],
)
def test_the_nearest_key_is_meant_or_one_of_those_beside(key: str, hint: str) -> None:
    assert meant(key, KNOWN, "trainer").startswith(hint)


def test_a_fault_is_a_sentence() -> None:
    with pytest.raises(ValidationError) as raised:
        TrainerSettings.model_validate({"epochs": 0, "seed": {"all": 1}, "epoch": 3, "backbone": "cnn"})
    said = [told(fault, ".".join(map(str, fault["loc"])), "did you mean epochs?") for fault in raised.value.errors()]
    assert said == [
        "epochs is 0: input should be greater than or equal to 1",
        "seed is dict: input should be a valid integer",
        "epoch is not a setting; did you mean epochs?",
    ]
