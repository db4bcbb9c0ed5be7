import inspect
from typing import get_args

import keras
import pytest

from trainer.backbones import BACKBONES, find_backbone
from trainer.errors import UsageError
from trainer.model import build_classifier, build_extractor
from trainer.settings import BackboneName, TrainerSettings


def test_settings_and_registry_name_the_same_backbones():
    assert set(get_args(BackboneName)) == set(BACKBONES)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match=r"'vgg99', which is not one of cnn, inception_resnet_v2"):
        find_backbone("vgg99")


def test_the_imagenet_file_is_the_one_that_keras_would_fetch():
    source = inspect.getsource(inspect.getmodule(keras.applications.InceptionResNetV2)).replace('"\n    "', "")
    file = BACKBONES["inception_resnet_v2"].imagenet
    assert file is not None
    folder, _, name = file.url.rpartition("/")
    assert f'"{folder}/"' in source
    assert f'"{file.md5}"' in source
    assert name == "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5"


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


def _map_side(name: str, image_size: int) -> int:
    """Side of the feature maps, from the arithmetic of the layers: nothing is built twice for it."""
    if name == "cnn":
        return image_size // 8
    side = image_size
    for window, stride in [(3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (3, 2), (3, 2)]:
        side = (side - window) // stride + 1
    return side
