"""The networks, by name. To add one, add an entry to ``BACKBONES``."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from trainer.errors import UsageError


@dataclass(frozen=True)
class WeightsFile:
    """A published weights file: where Keras fetches it from, and the md5 that Keras checks."""

    url: str
    md5: str


@dataclass(frozen=True)
class Backbone:
    """A network without its top.

    Attributes:
        build: image side S -> model from [B, S, S, 3], scaled, to feature maps [B, h, w, c], with random weights.
        scale: grey levels 0..255 repeated to three channels -> what ``build``'s network expects.
        frozen: whether it keeps its weights in training, its batch normalisation in inference mode.
        minimum_side: the smallest image side whose feature maps still fill the pooling window.
        pool: side of the average pooling before the features are flattened; 1 = none.
        batch_normalization: whether the head normalises after its dense layer.
        imagenet: the published ImageNet weights; None = there are none, and the network is trained from scratch.
    """

    build: Callable[[int], keras.Model]
    scale: Callable[[keras.KerasTensor], keras.KerasTensor]
    frozen: bool
    minimum_side: int
    pool: int = 1
    batch_normalization: bool = False
    imagenet: WeightsFile | None = None


def _study_cnn(image_size: int) -> keras.Model:
    """The CNN of the 2020 study up to its last pooling."""
    layers = keras.layers

    def convolution(filters: int, side: int) -> keras.layers.Layer:
        return layers.Conv2D(filters, side, padding="same", activation="relu")

    return keras.Sequential(
        [
            keras.Input((image_size, image_size, 3)),
            convolution(64, 7),
            convolution(64, 3),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            convolution(64, 7),
            convolution(64, 3),
            layers.AveragePooling2D(2),
            convolution(32, 7),
            convolution(32, 3),
            convolution(32, 3),
            layers.AveragePooling2D(2),
        ],
        name="cnn",
    )


def _inception_resnet_v2(image_size: int) -> keras.Model:
    return keras.applications.InceptionResNetV2(
        include_top=False, weights=None, input_shape=(image_size, image_size, 3)
    )


BACKBONES: dict[str, Backbone] = {
    "cnn": Backbone(
        build=_study_cnn,
        scale=lambda image: image / 255,
        frozen=False,
        minimum_side=8,
        batch_normalization=True,
    ),
    "inception_resnet_v2": Backbone(
        build=_inception_resnet_v2,
        scale=keras.applications.inception_resnet_v2.preprocess_input,
        frozen=True,
        minimum_side=171,
        pool=4,
        imagenet=WeightsFile(
            url="https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2/"
            "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
            md5="d19885ff4a710c122648d3b5c3b684e4",
        ),
    ),
}


def find_backbone(name: str) -> Backbone:
    """The backbone of that name.

    Raises:
        UsageError: There is none; the message lists the known ones.
    """
    if name not in BACKBONES:
        raise UsageError(f"trainer.backbone is '{name}', which is not one of {', '.join(sorted(BACKBONES))}")
    return BACKBONES[name]
