"""What the Trainer can be told. Checked when made; frozen afterwards."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from trainer.strict import Settings

BackboneName = Literal["cnn", "vgg16", "nasnet_large", "inception_resnet_v2", "densenet121", "efficientnet_b0"]
OptimizerName = Literal["nadam", "adam", "adamw", "sgd", "rmsprop"]
ScheduleName = Literal["constant", "cosine", "exponential", "step"]
Switch = Literal["auto", "on", "off"]


class Augmentation(Settings):
    """Ranges of the random changes to training films; each is drawn anew for every film.

    Applied in the training graph only, never in the export. 0 (or false) switches one off.
    """

    strength: float = Field(1.0, ge=0, le=1, description="factor on all ranges; 0 switches all of them off")
    rotation: float = Field(5.0, ge=0, le=180, description="degrees to either side")
    zoom: float = Field(0.10, ge=0, lt=1, description="part of the side, in or out")
    shift: float = Field(0.05, ge=0, lt=1, description="part of the side, each way")
    horizontal_flip: bool = Field(True, description="left and right exchanged for half of the films")
    brightness: float = Field(0.10, ge=0, le=1, description="part of the grey range, each way")
    contrast: float = Field(0.10, ge=0, lt=1, description="part of the film's own contrast, each way")
    noise: float = Field(0.01, ge=0, le=1, description="standard deviation of Gaussian noise, part of the grey range")
    rescale: float = Field(0.0, ge=0, lt=1, description="part by which all grey levels are multiplied, up or down")

    def scaled(self) -> "Augmentation":
        """The ranges times ``strength``, at strength 1; films are still flipped unless it is 0."""
        flip = self.horizontal_flip and self.strength > 0
        return self.model_copy(
            update={name: value * self.strength for name, value in self} | {"horizontal_flip": flip, "strength": 1.0}
        )

    @property
    def moves(self) -> bool:
        """Whether films are turned, zoomed or shifted."""
        scaled = self.scaled()
        return bool(scaled.rotation or scaled.zoom or scaled.shift)


class FineTuning(Settings):
    """The second stage: the end of the backbone is trained on with the head, at a low learning rate."""

    layers: int | None = Field(None, ge=1, description="the last so many layers of the backbone that can be trained")
    block: str | None = Field(
        None, min_length=1, description="instead of layers: from the first layer on whose name begins so"
    )
    epochs: int = Field(10, ge=1, le=10_000)
    learning_rate: float = Field(1e-5, gt=0, le=10)

    @model_validator(mode="after")
    def _one_of_two(self) -> "FineTuning":
        if (self.layers is None) == (self.block is None):
            given = "neither" if self.layers is None else f"layers={self.layers} and block={self.block}"
            raise ValueError(f"give one of layers and block; {given} is given")
        return self


class TrainerSettings(Settings):
    """Network, optimizer and schedule."""

    backbone: BackboneName = "inception_resnet_v2"
    weights: str = Field(
        "imagenet",
        description="imagenet, random, or the path of a .weights.h5 or .h5 file; the cnn always starts from random",
    )
    epochs: int = Field(50, ge=1, le=10_000)
    batch_size: int = Field(32, ge=1, le=4096)
    learning_rate: float = Field(1e-3, gt=0, le=10)
    optimizer: OptimizerName = "nadam"
    schedule: ScheduleName = Field("constant", description="how the learning rate changes from epoch to epoch")
    decay: float = Field(0.5, gt=0, lt=1, description="exponential and step: factor on it every decay_epochs")
    decay_epochs: int = Field(10, ge=1, description="exponential and step: epochs for one decay")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: every class counts the same in the loss, however many films it has"
    )
    dense: int = Field(64, ge=1, le=4096, description="width of the dense layer in the head")
    dropout: float = Field(0.5, ge=0, lt=1)
    patience: int = Field(10, ge=1, description="epochs without a better eval loss before training stops")
    feature_views: int = Field(
        0,
        ge=0,
        le=64,
        description="with a frozen backbone: augmented views of each training film whose features are computed "
        "once and the head trained on them; 0 = the backbone runs in every step",
    )
    fine_tune: FineTuning | None = Field(None, description="a second stage; null = the backbone stays as it is")
    mixed_precision: Switch = Field(
        "auto", description="half floats in training; auto: on one GPU, if it is faster with them (tensor cores)"
    )
    xla: Switch = Field("auto", description="XLA compiles the training step; auto: on one GPU, if it can")
    require_gpu: bool = Field(False, description="refuse to run where TensorFlow sees no GPU")
    seed: int = Field(1, ge=0, lt=2**31)
    augmentation: Augmentation = Augmentation()

    @property
    def xla_compiles(self) -> bool:
        """Whether XLA can compile the training step: it knows no image transformations."""
        return self.feature_views > 0 or not self.augmentation.moves

    @field_validator("mixed_precision", "xla", mode="before")
    @classmethod
    def _yaml_reads_on_as_true(cls, value: object) -> object:
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _views_need_a_frozen_backbone(self) -> "TrainerSettings":
        if self.backbone == "cnn" and self.feature_views:
            raise ValueError(
                f"feature_views is {self.feature_views}, but the cnn has no frozen part whose features could be "
                "kept; set trainer.feature_views to 0"
            )
        return self

    @model_validator(mode="after")
    def _fine_tuning_needs_a_frozen_backbone_in_every_step(self) -> "TrainerSettings":
        if self.fine_tune and self.backbone == "cnn":
            raise ValueError("fine_tune is set, but the cnn is trained whole; set trainer.fine_tune to null")
        if self.fine_tune and self.feature_views:
            raise ValueError(
                f"fine_tune is set and feature_views is {self.feature_views}, but features that are computed once "
                "are those of a backbone that stays as it is; set one of the two to null or 0"
            )
        return self

    @model_validator(mode="after")
    def _what_is_switched_on_is_possible(self) -> "TrainerSettings":
        if self.xla == "on" and not self.xla_compiles:
            raise ValueError(
                "xla is on, but XLA cannot compile the rotation, zoom and shift of films in the training step; set "
                "trainer.xla to auto, trainer.feature_views above 0, or the three ranges of trainer.augmentation to 0"
            )
        if self.mixed_precision == "on" and self.feature_views:
            raise ValueError(
                f"mixed_precision is on and feature_views is {self.feature_views}, but features that are computed "
                "once, and the head on them, are float32; set trainer.mixed_precision to auto"
            )
        return self


class ThresholdSettings(Settings):
    """How the operating threshold is chosen on the eval split."""

    target_recall: float = Field(0.95, gt=0, le=1, description="recall of the positive class on the eval split")
    calibration: Literal["none", "temperature"] = Field(
        "none", description="whether scores are scaled on the eval split so that .8 means 80 %"
    )
