"""The networks as they are, with random weights; the files of weights are written here.

The slow ones, by what their graphs take to write, wait for ``make test-e2e``; VGG16 and EfficientNetB0 stand for them.
"""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.applications import densenet, efficientnet, inception_resnet_v2, nasnet, vgg16

from trainer.backbones import BACKBONES
from trainer.errors import RunError
from trainer.export import export
from trainer.model import Classifier, build_classifier, build_extractor
from trainer.settings import TrainerSettings
from trainer.signatures import Decision
from trainer.weights_file import load_weights

APPLICATIONS = {
    "vgg16": (keras.applications.VGG16, vgg16),
    "efficientnet_b0": (keras.applications.EfficientNetB0, efficientnet),
    "densenet121": (keras.applications.DenseNet121, densenet),
    "inception_resnet_v2": (keras.applications.InceptionResNetV2, inception_resnet_v2),
    "nasnet_large": (keras.applications.NASNetLarge, nasnet),
}
SLOW = ("densenet121", "inception_resnet_v2", "nasnet_large")
#: Feature maps at 224 pixels, parameters that are trained, parameters of the backbone.
NUMBERS = {
    "vgg16": ((7, 7, 512), 32_962, 14_714_688),
    "densenet121": ((7, 7, 1024), 65_730, 7_037_504),
    "efficientnet_b0": ((7, 7, 1280), 82_114, 4_049_571),
    "nasnet_large": ((7, 7, 4032), 258_242, 84_916_818),
    "inception_resnet_v2": ((5, 5, 1536), 98_498, 54_336_736),
}


@dataclass(frozen=True)
class Whole:
    """One network at 224 pixels, and Keras' own with the same weights.

    Attributes:
        name: in the settings.
        classifier: with the study's head for two classes.
        asked: what Keras' own asked ``get_file`` for when it wanted ImageNet weights and got those of ``classifier``.
        reference: Keras' own.
    """

    name: str
    classifier: Classifier
    asked: tuple[Any, ...]
    reference: keras.Model

    @property
    def network(self) -> keras.Model:
        return self.classifier.extractor.maps.layers[-1]


def _build(name: str, image_size: int) -> Classifier:
    keras.utils.set_random_seed(1)
    settings = TrainerSettings.model_validate({"backbone": name, "weights": "random"})
    return build_classifier(settings, build_extractor(settings, image_size), 2)


def _compare_with_keras(name: str, folder: Path) -> Whole:
    classifier = _build(name, 224)
    network = classifier.extractor.maps.layers[-1]
    generator = np.random.default_rng(1)
    for weight in network.weights:  # as no initialiser leaves them, and such that two films differ in their maps
        if weight.ndim == 1:
            low, high = {"gamma": (0.6, 1.0), "moving_variance": (0.2, 0.6), "variance": (0.2, 0.6)}.get(
                weight.name, (-0.1, 0.1)
            )
            weight.assign(generator.uniform(low, high, weight.shape))
    for layer in network.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # as loading does; it keeps a copy of what is assigned
    file = folder / "network.h5"
    network.save(file)
    application, module = APPLICATIONS[name]
    asked: list[Any] = []

    def get_file(fname: str, origin: str, cache_subdir: str, file_hash: str) -> Path:
        asked.extend([fname, origin, cache_subdir, file_hash])
        return file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.file_utils, "get_file", get_file)
        reference = application(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
    file.unlink()
    return Whole(name, classifier, tuple(asked), reference)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.e2e) if name in SLOW else name for name in APPLICATIONS],
)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return _compare_with_keras(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def films(draw_film: Callable[..., np.ndarray]) -> np.ndarray:
    return np.stack([draw_film(seed, seed, 224, 224) for seed in range(2)])[..., None].astype(np.float32)


def test_a_film_gets_the_maps_that_keras_own_network_gives_with_imagenet_weights(whole, films):
    file = BACKBONES[whole.name].imagenet
    assert file is not None
    assert whole.asked == (file.name, file.url, "models", file.md5)
    rgb = APPLICATIONS[whole.name][1].preprocess_input(np.repeat(films, 3, axis=-1))
    expected = whole.reference(rgb, training=False).numpy()
    assert np.isfinite(expected).all()
    tolerance = 0.01 * np.abs(expected[0] - expected[1]).max()
    np.testing.assert_allclose(whole.classifier.extractor.maps(films), expected, rtol=0, atol=tolerance)


def test_the_head_alone_is_trained_with_the_published_number_of_parameters(whole):
    _has_the_published_numbers(whole.name, whole.classifier)


def test_a_training_step_computes_no_gradient_of_the_backbone_and_moves_nothing_in_it(whole, films):
    classifier = whole.classifier

    @tf.function
    def step(images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            probabilities = classifier.core(images, training=True)
            loss = keras.losses.categorical_crossentropy(tf.eye(2), probabilities)
        return tape.gradient(loss, [weight.value for weight in classifier.core.trainable_weights])

    before = [weight.numpy().copy() for weight in whole.network.weights]
    gradients = step(films)
    assert len(gradients) == len(classifier.head.trainable_weights) == 4
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    # TensorFlow writes gradients of the backbone into the graph and runs only what its results need.
    graph = step.get_concrete_function(films).graph
    needed = tf.compat.v1.graph_util.extract_sub_graph(
        graph.as_graph_def(), [output.op.name for output in graph.outputs]
    )
    assert len([node for node in needed.node if node.op == "Conv2D"]) >= 13
    backward = [node for node in needed.node if "Backprop" in node.op or node.op.endswith("Grad")]
    assert backward
    assert not [node.name for node in backward if "/head" not in node.name]
    assert not [node.name for node in needed.node if "FusedBatchNorm" in node.op and node.attr["is_training"].b]
    for weight, value in zip(whole.network.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


@pytest.mark.parametrize("ending", [".h5", ".weights.h5"])
def test_the_file_of_keras_own_network_is_taken(whole, tmp_path, ending):
    file = _save(whole.reference, tmp_path / f"network{ending}")
    whole.network.set_weights([0 * weight for weight in whole.network.get_weights()])
    load_weights(whole.network, file)
    file.unlink()
    for weight, value in zip(whole.network.weights, whole.reference.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value.numpy())


@pytest.mark.parametrize("ending", [".h5", ".weights.h5"])
def test_the_first_layer_that_does_not_fit_is_named(whole, tmp_path, ending):
    file = _save(whole.network, tmp_path / f"network{ending}")
    layer, shape = _replace_a_kernel(file, whole.network)
    given = re.escape(str((*shape[:-1], shape[-1] + 1)))
    with pytest.raises(RunError, match=rf"the network has {layer} {re.escape(str(shape))}.* the file has \S+ {given}"):
        load_weights(whole.network, file)
    other = _save(BACKBONES["cnn"].build(32), tmp_path / f"cnn{ending}")
    with pytest.raises(RunError, match=rf"cnn{ending} does not fit \w+: the network has \w+ \(.* the file has \w+ "):
        load_weights(whole.network, other)
    file.unlink()


def test_nasnet_large_has_the_published_numbers_and_takes_the_file_that_fits(tmp_path):
    classifier = _build("nasnet_large", 224)
    _has_the_published_numbers("nasnet_large", classifier)
    network = classifier.extractor.maps.layers[-1]
    file = _write_without_content(network, tmp_path / "network.h5", 0.25)
    load_weights(network, file)
    assert all((weight.numpy() == 0.25).all() for weight in network.weights)
    layer, shape = _replace_a_kernel(file, network)
    with pytest.raises(RunError, match=rf"the network has {layer} {re.escape(str(shape))}"):
        load_weights(network, file)


@pytest.mark.parametrize(
    "name", [name if name == "vgg16" else pytest.param(name, marks=pytest.mark.e2e) for name in APPLICATIONS]
)
def test_a_network_at_its_minimum_side_explains_itself_in_a_session(name, draw_film, encode, run_in_session, tmp_path):
    side = BACKBONES[name].minimum_side
    classifier, folder = _build(name, side), tmp_path / "1"
    assert classifier.extractor.maps.output_shape[1:3] == (4, 4)
    export(classifier, Decision(("covid", "healthy"), "covid", 0.5), folder)
    size = sum(file.stat().st_size for file in (folder / "variables").iterdir())
    assert size == pytest.approx(4 * classifier.core.count_params(), rel=0.01)
    films = [draw_film(seed, seed, side, side) for seed in range(2)]
    outputs = run_in_session(folder, "explain", {"image_bytes": [encode(film, "PNG") for film in films]})
    core = classifier.core(np.stack(films)[..., None].astype(np.float32), training=False)
    np.testing.assert_allclose(outputs["probabilities"], core, atol=1e-5)
    assert outputs["heatmap"].shape == (2, 4, 4)
    assert ((outputs["heatmap"] >= 0) & (outputs["heatmap"] <= 1)).all()
    shutil.rmtree(folder)


def _has_the_published_numbers(name: str, classifier: Classifier) -> None:
    maps = classifier.extractor.maps
    assert (maps.output_shape[1:], classifier.trainable_parameters, maps.count_params()) == NUMBERS[name]
    assert not classifier.extractor.model.trainable_weights


def _save(network: keras.Model, file: Path) -> Path:
    """As Keras 3 writes ``.weights.h5`` and as Keras 2 wrote ``.h5``."""
    if file.name.endswith(".weights.h5"):
        network.save_weights(file)
    else:
        network.save(file)
    return file


def _write_without_content(network: keras.Model, file: Path, value: float) -> Path:
    """A ``.h5`` file as Keras 2 wrote it, in which every number is ``value`` and none takes space."""
    with h5py.File(file, "w") as content:
        content.attrs["layer_names"] = [layer.name.encode() for layer in network.layers]
        for layer in network.layers:
            group = content.create_group(layer.name)
            names = [f"{layer.name}/{index}:0" for index in range(len(layer.weights))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group.create_dataset(name, weight.shape, np.float32, fillvalue=value)
    return file


def _replace_a_kernel(file: Path, network: keras.Model) -> tuple[str, tuple[int, ...]]:
    """Gives one kernel in the middle of a file another shape; returns name and shape of its layer."""
    shapes = Counter(tuple(weight.shape) for weight in network.weights)
    layers = [layer for layer in network.layers if layer.weights and shapes[tuple(layer.weights[0].shape)] == 1]
    layer = [layer for layer in layers if layer.weights[0].ndim == 4][len(layers) // 2]
    shape = tuple(layer.weights[0].shape)
    found: list[str] = []
    with h5py.File(file, "r+") as content:
        content.visititems(lambda name, item: found.append(name) if getattr(item, "shape", None) == shape else None)
        (name,) = found
        del content[name]
        content.create_dataset(name, (*shape[:-1], shape[-1] + 1), np.float32)
    return layer.name, shape
