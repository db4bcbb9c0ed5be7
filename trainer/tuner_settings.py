"""What the Tuner can be told, and what goes into a search besides. No TensorFlow."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, field_validator

from trainer.settings import BackboneName, OptimizerName, ThresholdSettings, TrainerSettings
from trainer.strict import Settings

#: What a search varies; ``strength`` is that of the augmentation.
SEARCHED: Final = ("backbone", "learning_rate", "dense", "dropout", "optimizer", "strength")
#: Weights that every backbone has; anything else is the file of one.
_NAMED_WEIGHTS: Final = ("imagenet", "random")
_MOST_STRENGTHS: Final = 3

LearningRate = Annotated[float, Field(gt=0, le=10)]
Dropout = Annotated[float, Field(ge=0, lt=1)]


class TunerSettings(Settings):
    """The search over hyperparameters: how many trials, of what, and what is best."""

    trials: int = Field(0, ge=0, le=500, description="0 = no tuner")
    objective: Literal["auc", "recall_at_specificity"] = Field("auc", description="on the eval split; more is better")
    specificity: float = Field(0.9, gt=0, lt=1, description="recall_at_specificity: the specificity to hold")
    epochs: int = Field(30, ge=1, le=10_000, description="of a trial, at most")
    feature_views: int = Field(4, ge=1, le=64, description="augmented views of each train film, computed once")
    seed: int = Field(1, ge=0, lt=2**31, description="of the values that are drawn")
    backbones: tuple[BackboneName, ...] = Field((), description="frozen ones; empty = trainer.backbone alone")
    learning_rate: tuple[LearningRate, LearningRate] = Field((1e-4, 1e-2), description="range, drawn by its logarithm")
    dense: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field((32, 64, 128), min_length=1)
    dropout: tuple[Dropout, Dropout] = Field((0.2, 0.6), description="range")
    optimizers: tuple[OptimizerName, ...] = Field(("nadam", "adam", "sgd"), min_length=1)
    strengths: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        (0.0, 0.5, 1.0), min_length=1, description="of the augmentation; three at most"
    )

    @field_validator("learning_rate", "dropout")
    @classmethod
    def _low_before_high(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError(f"the range goes from {value[0]:g} to {value[1]:g}; give the lower end first")
        return value

    @field_validator("backbones", "dense", "optimizers", "strengths")
    @classmethod
    def _each_once(cls, value: tuple[object, ...]) -> tuple[object, ...]:
        twice = [str(item) for item, count in Counter(value).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} stands there more than once; name each once")
        return value

    @field_validator("backbones")
    @classmethod
    def _backbones_are_frozen(cls, value: tuple[BackboneName, ...]) -> tuple[BackboneName, ...]:
        if "cnn" in value:
            raise ValueError("the cnn has no frozen part whose features trials could share; take it out")
        return value

    @field_validator("strengths")
    @classmethod
    def _features_of_few_strengths(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) > _MOST_STRENGTHS:
            raise ValueError(
                f"there are {len(value)} strengths, but the features of every one are computed and kept; give "
                f"{_MOST_STRENGTHS} at most"
            )
        return value


class Search(Settings):
    """All that decides what a search comes to, and nothing else: equal searches, equal results.

    Attributes:
        tuner: ``backbones`` filled in.
        trainer: of every trial, apart from what is searched.
        calibration: of the scores, as after a training.
    """

    tuner: TunerSettings
    trainer: TrainerSettings
    calibration: Literal["none", "temperature"]

    @property
    def networks(self) -> tuple[TrainerSettings, ...]:
        """The settings with each of the backbones."""
        return networks(self.trainer, self.tuner)


def search_of(trainer: TrainerSettings, tuner: TunerSettings, threshold: ThresholdSettings) -> Search:
    """The search that the settings ask for; what a trial does not read is left at its default."""
    read = ("weights", "batch_size", "schedule", "decay", "decay_epochs", "class_weights", "patience", "seed")
    backbones = tuner.backbones or (trainer.backbone,)
    of_trials = TrainerSettings(
        backbone=backbones[0],
        epochs=tuner.epochs,
        feature_views=tuner.feature_views,
        augmentation=trainer.augmentation.model_copy(update={"strength": 1.0}),
        xla="off",  # a head on features is compiled longer than it is trained
        require_gpu=trainer.require_gpu,
        **{name: getattr(trainer, name) for name in read},
    )
    return Search(
        tuner=tuner.model_copy(update={"backbones": backbones}), trainer=of_trials, calibration=threshold.calibration
    )


def networks(trainer: TrainerSettings, tuner: TunerSettings) -> tuple[TrainerSettings, ...]:
    """The settings with each backbone that may come to be trained: the trainer's own, or those of the search."""
    if not tuner.trials or not tuner.backbones:
        return (trainer,)
    return tuple(trainer.model_copy(update={"backbone": name}) for name in tuner.backbones)


def tuned(trainer: TrainerSettings, values: Mapping[str, Any]) -> TrainerSettings:
    """The settings with the values of a trial, checked again.

    Args:
        trainer: gives all that is not searched.
        values: of everything in ``SEARCHED``.

    Raises:
        ValidationError: They do not go together.
    """
    changed = trainer.model_dump() | {name: values[name] for name in SEARCHED if name != "strength"}
    changed["augmentation"] |= {"strength": values["strength"]}
    return TrainerSettings.model_validate(changed)


def check_search(trainer: TrainerSettings, tuner: TunerSettings) -> None:
    """Refuses a search whose best values the Trainer could not take.

    Raises:
        ValueError: One line that names the keys.
    """
    if not tuner.trials:
        return
    backbones = tuner.backbones or (trainer.backbone,)
    if "cnn" in backbones:
        raise ValueError(
            f"tuner.trials is {tuner.trials}, but trainer.backbone is cnn, which has no frozen part whose features "
            "trials could share; set tuner.backbones to frozen ones, or tuner.trials to 0"
        )
    if len(backbones) > 1:
        names = f"tuner.backbones names {len(backbones)} ({', '.join(backbones)})"
        if trainer.weights not in _NAMED_WEIGHTS:
            raise ValueError(
                f"trainer.weights is a file, which holds one network's, but {names}; leave one, or set trainer.weights "
                "to imagenet"
            )
        if trainer.fine_tune and trainer.fine_tune.block is not None:
            raise ValueError(
                f"trainer.fine_tune.block is '{trainer.fine_tune.block}', a name in one network, but {names}; leave "
                "one, or set trainer.fine_tune.layers instead"
            )
    others = {"learning_rate": tuner.learning_rate[0], "dense": tuner.dense[0], "dropout": tuner.dropout[0]}
    for backbone in backbones:
        for strength in tuner.strengths:
            try:
                tuned(
                    trainer,
                    {**others, "optimizer": tuner.optimizers[0], "backbone": backbone, "strength": strength},
                )
            except ValidationError as error:
                first = error.errors()[0]
                why = first.get("ctx", {}).get("error", first["msg"])
                raise ValueError(f"{backbone} at strength {strength:g}, which tuner may choose: {why}") from error
