import inspect
from typing import get_args

import keras
import numpy as np
import pytest

from trainer.backbones import BACKBONES, find_backbone
from trainer.errors import UsageError
from trainer.model import build_classifier, build_extractor
from trainer.settings import BackboneName, TrainerSettings

FROZEN = sorted(name for name, backbone in BACKBONES.items() if backbone.frozen)

# Windows and strides of what makes maps smaller, in order, with the zeros added on both sides together. A stride of 2
# after padding to "same" is (1, 2, 0).
HALVED, SAME = (2, 2, 0), (1, 2, 0)
REDUCTIONS = {
    "cnn": [HALVED] * 3,
    "vgg16": [HALVED] * 5,
    "nasnet_large": [(3, 2, 0), *[SAME] * 4],
    "inception_resnet_v2": [(3, 2, 0), (3, 1, 0), (3, 2, 0), (3, 1, 0), (3, 2, 0), (3, 2, 0), (3, 2, 0)],
    "densenet121": [(7, 2, 6), (3, 2, 2), *[HALVED] * 3],
    "efficientnet_b0": [SAME] * 5,
}


def test_settings_and_registry_name_the_same_backbones():
    assert get_args(BackboneName) == tuple(BACKBONES)


def test_an_unknown_name_lists_the_known_ones():
    known = "cnn, densenet121, efficientnet_b0, inception_resnet_v2, nasnet_large, vgg16"
    with pytest.raises(UsageError, match=rf"'vgg99', which is not one of {known}"):
        find_backbone("vgg99")


@pytest.mark.parametrize(
    "name, network",
    [
        ("vgg16", "VGG16"),
        ("nasnet_large", "NASNetLarge"),
        ("inception_resnet_v2", "InceptionResNetV2"),
        ("densenet121", "DenseNet121"),
        ("efficientnet_b0", "EfficientNetB0"),
    ],
)
def test_the_imagenet_file_is_the_one_that_keras_would_fetch(name, network):
    module = inspect.getmodule(getattr(keras.applications, network))
    source = inspect.getsource(module).replace('"\n    "', "").replace('"\n                "', "")
    addresses = [value for value in vars(module).values() if isinstance(value, str) and value.startswith("https://")]
    file = BACKBONES[name].imagenet
    assert file is not None
    assert file.url in addresses or file.url.rpartition("/")[0] + "/" in addresses
    assert f'"{file.md5}"' in source
    # Keras puts this one together from the network's name.
    assert f'"{file.name}"' in source or file.name == "efficientnetb0_notop.h5"


def test_the_cnn_has_the_published_parameters():
    settings = TrainerSettings(backbone="cnn")
    classifier = build_classifier(settings, build_extractor(settings, 224), 2)
    layers = [*classifier.extractor.maps.get_layer("cnn").layers, *classifier.head.layers]
    counts = [layer.count_params() for layer in layers if layer.count_params()]
    assert counts == [9472, 36928, 200768, 36928, 100384, 9248, 9248, 1605696, 256, 130]
    assert classifier.core.count_params() == 2_009_058
    assert classifier.trainable_parameters == 2_008_930


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_the_minimum_side_is_the_smallest_that_fills_the_pooling_window(name):
    backbone = BACKBONES[name]
    assert _map_side(name, backbone.minimum_side) == backbone.pool
    assert _map_side(name, backbone.minimum_side - 1) == backbone.pool - 1
    # As the built networks have it, here and in test_whole_backbones.py.
    assert _map_side(name, 224) == {"cnn": 28, "inception_resnet_v2": 5}.get(name, 7)


@pytest.mark.parametrize(
    "name, channels, trainable",
    [
        ("vgg16", 512, 32_962),
        ("nasnet_large", 4032, 258_242),
        ("inception_resnet_v2", 1536, 98_498),
        ("densenet121", 1024, 65_730),
        ("efficientnet_b0", 1280, 82_114),
    ],
)
def test_at_224_pixels_the_head_has_the_published_parameters(name, channels, trainable):
    features = channels * (_map_side(name, 224) // BACKBONES[name].pool) ** 2
    assert features * 64 + 64 + 64 * 2 + 2 == trainable


@pytest.mark.parametrize("name", FROZEN)
def test_the_scaling_in_the_graph_is_what_keras_does_to_rgb_images(name):
    modules = {"nasnet_large": "nasnet", "densenet121": "densenet", "efficientnet_b0": "efficientnet"}
    preprocess = getattr(keras.applications, modules.get(name, name)).preprocess_input
    image = keras.Input((5, 4, 3))
    graph = keras.Model(image, keras.layers.Identity()(BACKBONES[name].scale(image)))
    rgb = np.random.default_rng(1).uniform(0, 255, (2, 5, 4, 3)).astype(np.float32)
    np.testing.assert_allclose(graph(rgb), preprocess(rgb.copy()), atol=1e-4)
    black = {"vgg16": -123.68, "densenet121": -0.406 / 0.225, "efficientnet_b0": 0}.get(name, -1)
    assert graph(np.zeros((1, 5, 4, 3), np.float32)).numpy()[0, 0, 0, 2] == pytest.approx(black)


def _map_side(name: str, image_size: int) -> int:
    """Side of the feature maps, from the arithmetic of the layers: nothing is built for it."""
    side = image_size
    for window, stride, zeros in REDUCTIONS[name]:
        side = (side + zeros - window) // stride + 1
    return side
