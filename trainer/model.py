"""The classifier, built as parts, so that what trains and what is exported cannot be confused.

    image ── maps ── pooling ── head ── probabilities        core: exported
             └──── extractor ──┘
    image ── augmentation ── core                            training: fitted, never exported

A Keras model with augmentation layers inside would augment in the served graph too, without a word. Here only
``training`` holds them, and ``export`` writes ``core``.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from trainer.augmentation import build_augmentation
from trainer.backbones import find_backbone
from trainer.errors import UsageError
from trainer.settings import TrainerSettings
from trainer.weights_file import load_weights


@dataclass(frozen=True)
class Extractor:
    """From an image to features.

    Attributes:
        maps: [B, S, S, 1] in 0..255 -> feature maps [B, h, w, c]; what Grad-CAM looks at.
        pooling: feature maps -> features [B, d].
        model: the two in a row.
        frozen: whether training leaves it as it is.
    """

    maps: keras.Model
    pooling: keras.Model
    model: keras.Model
    frozen: bool


@dataclass(frozen=True)
class Classifier:
    """The parts that share one set of weights.

    Attributes:
        extractor: image -> features.
        head: features -> probabilities [B, C].
        core: image [B, S, S, 1] in 0..255 -> probabilities [B, C], float32; deterministic; what is exported.
        augmentation: image -> a randomly changed image.
        training: image -> augmentation -> core; what is fitted.
    """

    extractor: Extractor
    head: keras.Model
    core: keras.Model
    augmentation: keras.Model
    training: keras.Model

    @property
    def trainable_parameters(self) -> int:
        """Numbers that training moves."""
        return sum(int(np.prod(weight.shape)) for weight in self.core.trainable_weights)


def build_extractor(settings: TrainerSettings, image_size: int, weights_file: Path | None = None) -> Extractor:
    """The backbone with its own input scaling before it and the pooling behind it.

    Args:
        settings: ``backbone`` decides.
        image_size: side of the images in pixels.
        weights_file: weights of the backbone; None = random ones.

    Raises:
        UsageError: Unknown backbone, or images too small for its pooling.
        RunError: The weights are another network's.
    """
    backbone = find_backbone(settings.backbone)
    check_image_size(settings.backbone, image_size)
    network = backbone.build(image_size)
    if weights_file is not None:
        load_weights(network, weights_file)
    network.trainable = not backbone.frozen

    image = keras.Input((image_size, image_size, 1), name="image")
    rgb = backbone.scale(keras.layers.Concatenate(name="gray_to_rgb")([image] * 3))
    # training=False also in fit: batch normalisation of a frozen network keeps its statistics.
    feature_maps = network(rgb, training=False) if backbone.frozen else network(rgb)
    maps = keras.Model(image, feature_maps, name="maps")

    pooled = feature_maps = keras.Input(maps.output_shape[1:], name="feature_maps")
    if backbone.pool > 1:
        pooled = keras.layers.AveragePooling2D(backbone.pool)(pooled)
    pooling = keras.Model(feature_maps, keras.layers.Flatten()(pooled), name="pooling")

    image = keras.Input((image_size, image_size, 1), name="image")
    return Extractor(maps, pooling, keras.Model(image, pooling(maps(image)), name="extractor"), backbone.frozen)


def build_classifier(
    settings: TrainerSettings,
    extractor: Extractor,
    classes: int,
    features: np.ndarray | None = None,
) -> Classifier:
    """Puts a head on an extractor.

    Args:
        settings: ``backbone``, ``dense``, ``dropout``, ``augmentation`` and ``seed`` decide.
        extractor: from :func:`build_extractor`.
        classes: C, number of classes.
        features: features of the training films, float [n, d]; given, the head normalises by them. A random network
            needs that: its features have a standard deviation of about 0.01, on which a head learns nothing.
    """
    head = build_head(settings, extractor.model.output_shape[-1], classes, features)
    image_size = extractor.model.input_shape[1]
    image = keras.Input((image_size, image_size, 1), name="image")
    core = keras.Model(image, head(extractor.model(image)), name="core")
    augmentation = build_augmentation(settings.augmentation, image_size, settings.seed)
    image = keras.Input((image_size, image_size, 1), name="image")
    training = keras.Model(image, core(augmentation(image)), name="training")
    return Classifier(extractor, head, core, augmentation, training)


def check_image_size(name: str, image_size: int, instead: str = "choose another trainer.backbone") -> None:
    """Refuses images that leave the backbone of that name nothing to pool.

    Args:
        name: of the backbone.
        image_size: side of the images in pixels.
        instead: what to do, other than to raise the size.

    Raises:
        UsageError: Unknown backbone, or images too small; the message names the smallest side.
    """
    minimum = find_backbone(name).minimum_side
    if image_size < minimum:
        raise UsageError(
            f"data.image_size is {image_size}, but {name} needs at least {minimum}; raise it, or {instead}"
        )


def build_head(settings: TrainerSettings, width: int, classes: int, features: np.ndarray | None = None) -> keras.Model:
    """Features [B, width] -> probabilities [B, classes].

    Args:
        settings: ``backbone``, ``dense``, ``dropout`` and ``seed`` decide.
        width: of the features.
        classes: C, number of classes.
        features: as of :func:`build_classifier`.
    """
    layers = keras.layers
    features_in = x = keras.Input((width,), name="features")
    if features is not None:
        variance = features.var(axis=0)
        # A feature that hardly moves on the training films must not explode on a film where it does.
        variance = np.maximum(variance, 0.01 * variance.mean() + 1e-12)
        mean = features.mean(axis=0)
        # Whole floats: half ones cannot tell apart features that hardly differ.
        x = layers.Normalization(mean=mean, variance=variance, name="normalization", dtype="float32")(x)
    x = layers.Dense(settings.dense, activation="relu", name="hidden")(x)
    if find_backbone(settings.backbone).batch_normalization:
        x = layers.BatchNormalization()(x)
    x = layers.Dropout(settings.dropout, seed=settings.seed)(x)
    # Probabilities and the loss of them need whole floats where the rest computes in half ones.
    probabilities = layers.Dense(classes, activation="softmax", name="probabilities", dtype="float32")(x)
    return keras.Model(features_in, probabilities, name="head")
