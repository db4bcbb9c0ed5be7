"""The networks, by name. To add one, add an entry to ``BACKBONES``.

All but the study's own are those of ``keras.applications`` without their top: frozen, each with the input scaling that
its ImageNet weights were trained with, and with the pooling that gives the study's counts of trainable parameters.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import applications

from trainer.errors import UsageError

_PUBLISHED = "https://storage.googleapis.com/tensorflow/keras-applications"


@dataclass(frozen=True)
class WeightsFile:
    """A published weights file.

    Attributes:
        url: where Keras fetches it from.
        md5: what Keras checks.
        cached_as: its name in the folder ``models`` of ``KERAS_HOME``, where Keras renames it; empty = as in ``url``.
    """

    url: str
    md5: str
    cached_as: str = ""

    @property
    def name(self) -> str:
        """Its name in the folder ``models`` of ``KERAS_HOME``."""
        return self.cached_as or self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Backbone:
    """A network without its top.

    Attributes:
        build: image side S -> model from [B, S, S, 3], scaled, to feature maps [B, h, w, c], with random weights.
        scale: RGB levels 0..255 (of a film: one grey level three times) -> what ``build``'s network expects.
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


def _without_top(network: Callable[..., keras.Model], **options: str) -> Callable[[int], keras.Model]:
    def build(image_size: int) -> keras.Model:
        return network(include_top=False, weights=None, input_shape=(image_size, image_size, 3), **options)

    return build


def _efficientnet_b0(image_size: int) -> keras.Model:
    """EfficientNetB0 as Keras builds it for ImageNet weights.

    Built for no weights it lacks the layer that divides by the square root of ImageNet's standard deviations a second
    time; the published file fits it all the same, and every film would come in at half its contrast. Source:
    https://github.com/tensorflow/tensorflow/issues/49930, and ``keras.applications.efficientnet``.
    """
    deviations = [0.229, 0.224, 0.225]

    def call(layer: keras.layers.Layer, *args: object, **kwargs: object) -> keras.KerasTensor:
        output = layer(*args, **kwargs)
        if isinstance(layer, keras.layers.Normalization):
            output = keras.layers.Rescaling([1 / math.sqrt(deviation) for deviation in deviations])(output)
        return output

    network = _without_top(applications.EfficientNetB0, name="efficientnet_b0")(image_size)
    return keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=call)


BACKBONES: dict[str, Backbone] = {
    "cnn": Backbone(
        build=_study_cnn,
        scale=lambda image: image / 255,
        frozen=False,
        minimum_side=8,
        batch_normalization=True,
    ),
    "vgg16": Backbone(
        build=_without_top(applications.VGG16),
        scale=applications.vgg16.preprocess_input,
        frozen=True,
        minimum_side=128,
        pool=4,
        imagenet=WeightsFile(
            url=f"{_PUBLISHED}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            md5="6d6bbae143d832006294945121d1f1fc",
        ),
    ),
    "nasnet_large": Backbone(
        build=_without_top(applications.NASNetLarge),
        scale=applications.nasnet.preprocess_input,
        frozen=True,
        minimum_side=99,
        pool=4,
        imagenet=WeightsFile(
            url=f"{_PUBLISHED}/nasnet/NASNet-large-no-top.h5",
            md5="d81d89dc07e6e56530c4e77faddd61b5",
            cached_as="nasnet_large_no_top.h5",
        ),
    ),
    "inception_resnet_v2": Backbone(
        build=_without_top(applications.InceptionResNetV2),
        scale=applications.inception_resnet_v2.preprocess_input,
        frozen=True,
        minimum_side=171,
        pool=4,
        imagenet=WeightsFile(
            url=f"{_PUBLISHED}/inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
            md5="d19885ff4a710c122648d3b5c3b684e4",
        ),
    ),
    "densenet121": Backbone(
        build=_without_top(applications.DenseNet121),
        scale=applications.densenet.preprocess_input,
        frozen=True,
        minimum_side=125,
        pool=4,
        imagenet=WeightsFile(
            url=f"{_PUBLISHED}/densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
            md5="30ee3e1110167f948a6b9946edeeb738",
        ),
    ),
    "efficientnet_b0": Backbone(
        build=_efficientnet_b0,
        scale=applications.efficientnet.preprocess_input,  # changes nothing: the network scales by itself
        frozen=True,
        minimum_side=97,
        pool=4,
        imagenet=WeightsFile(
            url="https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5",
            md5="50bc09e76180e00e4465e1a485ddc09d",
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
