"""What the Trainer can be told. Checked when made; frozen afterwards."""

from typing import Literal

from pydantic import Field, model_validator

from trainer.strict import Settings

BackboneName = Literal["cnn", "vgg16", "nasnet_large", "inception_resnet_v2", "densenet121", "efficientnet_b0"]


class Augmentation(Settings):
    """Ranges of the random changes to training films; each is drawn anew for every film.

    Applied in the training graph only, never in the export. 0 (or false) switches one off.
    """

    rotation: float = Field(5.0, ge=0, le=180, description="degrees to either side")
    zoom: float = Field(0.10, ge=0, lt=1, description="part of the side, in or out")
    shift: float = Field(0.05, ge=0, lt=1, description="part of the side, each way")
    horizontal_flip: bool = Field(True, description="left and right exchanged for half of the films")
    brightness: float = Field(0.10, ge=0, le=1, description="part of the grey range, each way")
    contrast: float = Field(0.10, ge=0, lt=1, description="part of the film's own contrast, each way")
    noise: float = Field(0.01, ge=0, le=1, description="standard deviation of Gaussian noise, part of the grey range")


class TrainerSettings(Settings):
    """Network, optimizer and schedule."""

    backbone: BackboneName = "inception_resnet_v2"
    weights: str = Field(
        "imagenet",
        description="imagenet, random, or the path of a .weights.h5 or .h5 file; the cnn is always trained from scratch",
    )
    epochs: int = Field(50, ge=1, le=10_000)
    batch_size: int = Field(32, ge=1, le=4096)
    learning_rate: float = Field(1e-3, gt=0, le=10)
    dropout: float = Field(0.5, ge=0, lt=1)
    patience: int = Field(10, ge=1, description="epochs without a better eval loss before training stops")
    feature_views: int = Field(
        0,
        ge=0,
        le=64,
        description="with a frozen backbone: augmented views of each training film whose features are computed "
        "once and the head trained on them; 0 = the backbone runs in every step",
    )
    seed: int = Field(1, ge=0, lt=2**31)
    augmentation: Augmentation = Augmentation()

    @model_validator(mode="after")
    def _views_need_a_frozen_backbone(self) -> "TrainerSettings":
        if self.backbone == "cnn" and self.feature_views:
            raise ValueError(
                f"feature_views is {self.feature_views}, but the cnn has no frozen part whose features could be "
                "kept; set trainer.feature_views to 0"
            )
        return self


class ThresholdSettings(Settings):
    """How the operating threshold is chosen on the eval split."""

    target_recall: float = Field(0.95, gt=0, le=1, description="recall of the positive class on the eval split")
    calibration: Literal["none", "temperature"] = Field(
        "none", description="whether scores are scaled on the eval split so that .8 means 80 %"
    )
