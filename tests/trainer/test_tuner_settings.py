import pytest
from pydantic import ValidationError

from trainer.settings import Augmentation, FineTuning, ThresholdSettings, TrainerSettings
from trainer.tuner_settings import SEARCHED, Search, TunerSettings, check_search, networks, search_of, tuned

TRAINER = TrainerSettings(backbone="vgg16", weights="random")
VALUES = {
    "backbone": "densenet121", "learning_rate": 0.02, "dense": 7, "dropout": 0.1, "optimizer": "sgd", "strength": 0.5,
}  # fmt: skip


@pytest.mark.parametrize(
    "given, message",
    [
        ({"backbones": ("vgg16", "cnn")}, "the cnn has no frozen part"),
        ({"strengths": (0, 0.2, 0.4, 0.6)}, "there are 4 strengths, but .* give 3 at most"),
        ({"strengths": (0, 1.2)}, "less than or equal to 1"),
        ({"dense": (8, 8)}, "8 stands there more than once"),
        ({"learning_rate": (0.1, 0.01)}, "from 0.1 to 0.01; give the lower end first"),
        ({"dropout": (0.1, 1.0)}, "less than 1"),
        ({"optimizers": ()}, "at least 1 item"),
        ({"trials": 501}, "less than or equal to 500"),
    ],
)
def test_values_that_cannot_be_searched_are_refused(given: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TunerSettings(**given)


@pytest.mark.parametrize(
    "tuner, trainer, message",
    [
        ({}, {"backbone": "cnn"}, "trainer.backbone is cnn, which has no frozen part .* set tuner.backbones"),
        (
            {"backbones": ("vgg16", "densenet121")},
            {"weights": "/mine.h5"},
            r"trainer.weights is a file, .* tuner.backbones names 2 \(vgg16, densenet121\)",
        ),
        (
            {"backbones": ("vgg16", "densenet121")},
            {"fine_tune": FineTuning(block="block5")},
            "trainer.fine_tune.block is 'block5', a name in one network",
        ),
        (
            {"strengths": (0.0, 1.0)},
            {"xla": "on", "augmentation": Augmentation(strength=0)},
            "vgg16 at strength 1, which tuner may choose: xla is on, but",
        ),
    ],
)
def test_a_search_whose_best_values_the_trainer_could_not_take_is_refused(
    tuner: dict, trainer: dict, message: str
) -> None:
    given = TrainerSettings(**{"backbone": "vgg16", "weights": "random"} | trainer)
    with pytest.raises(ValueError, match=message) as refused:
        check_search(given, TunerSettings(trials=1, **tuner))
    assert "\n" not in str(refused.value)
    check_search(given, TunerSettings(trials=0, **tuner))


@pytest.mark.parametrize("trainer", [{"weights": "/mine.h5"}, {"fine_tune": FineTuning(block="block5")}])
def test_what_belongs_to_one_network_goes_with_a_search_in_that_network(trainer: dict) -> None:
    check_search(TrainerSettings(**{"backbone": "vgg16"} | trainer), TunerSettings(trials=1, backbones=("vgg16",)))


def test_the_best_values_take_the_place_of_the_trainers_and_the_rest_stays() -> None:
    before = TRAINER.model_copy(update={"epochs": 7, "feature_views": 3, "augmentation": Augmentation(rotation=9)})
    after = tuned(before, VALUES)
    assert {name: getattr(after, name) for name in SEARCHED[:-1]} | {"strength": after.augmentation.strength} == VALUES
    assert (after.epochs, after.feature_views, after.augmentation.rotation) == (7, 3, 9)


def test_the_best_values_are_checked_again() -> None:
    with pytest.raises(ValidationError, match="the cnn has no frozen part"):
        tuned(TRAINER.model_copy(update={"feature_views": 1}), VALUES | {"backbone": "cnn"})


def test_a_search_is_the_same_where_only_what_it_replaces_is_set_otherwise() -> None:
    tuner, threshold = TunerSettings(trials=3, backbones=("vgg16",)), ThresholdSettings()

    def search(**changed: object) -> Search:
        return search_of(TRAINER.model_copy(update=changed), tuner, threshold)

    same = {"backbone": "cnn", "epochs": 3, "dense": 3, "dropout": 0.1, "optimizer": "sgd", "learning_rate": 0.1}
    same |= {"feature_views": 5, "augmentation": Augmentation(strength=0.1), "fine_tune": FineTuning(layers=2)}
    assert search(**same) == search()
    for changed in ({"weights": "imagenet"}, {"seed": 2}, {"patience": 3}, {"augmentation": Augmentation(rotation=1)}):
        assert search(**changed) != search()
    assert search_of(TRAINER, tuner, ThresholdSettings(target_recall=0.5)) == search()
    assert search_of(TRAINER, tuner, ThresholdSettings(calibration="temperature")) != search()


def test_the_networks_that_may_be_trained_are_those_of_the_search() -> None:
    def names(**tuner: object) -> list[str]:
        return [network.backbone for network in networks(TRAINER, TunerSettings(**tuner))]  # type: ignore[arg-type]

    assert names(trials=0, backbones=("densenet121",)) == ["vgg16"]
    assert names(trials=1) == ["vgg16"]
    assert names(trials=1, backbones=("densenet121", "nasnet_large")) == ["densenet121", "nasnet_large"]
