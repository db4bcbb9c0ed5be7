"""Which networks are compared."""

from pathlib import Path

import pytest

from pipeline.compare.networks import STUDIED, check_networks, names_in, networks_of
from pipeline.compare.study import STUDY
from pipeline.settings import load_settings
from trainer.errors import UsageError


def test_the_default_is_the_study() -> None:
    assert names_in(None) == STUDIED == tuple(one.network for one in STUDY)
    assert names_in(" cnn, vgg16 ") == ("cnn", "vgg16")


@pytest.mark.parametrize(
    "text, message",
    [
        ("cnn,resnet", "--models: 'resnet' is not one of cnn, vgg16, nasnet_large, inception_resnet_v2, densenet121, "),
        ("cnn,cnn", "--models: cnn is named 2 times"),
        (",", "--models names no network; known are cnn, "),
    ],
)
def test_a_list_that_means_nothing_is_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as fault:
        names_in(text)
    assert str(fault.value).startswith(message)


def test_one_weights_file_cannot_serve_several_networks() -> None:
    settings = load_settings("sample", None, ["trainer.weights=mine.h5"])
    with pytest.raises(UsageError, match=r"trainer.weights is mine.h5, which cannot be .* of vgg16 and densenet121"):
        networks_of(settings, ("cnn", "vgg16", "densenet121"))
    assert set(networks_of(settings, ("cnn", "vgg16"))) == {"cnn", "vgg16"}
    own = load_settings("sample", None, ["trainer.weights=a.h5", "compare.networks.vgg16.weights=b.h5"])
    assert networks_of(own, ("vgg16", "densenet121"))["vgg16"].weights == "b.h5"


def test_the_sample_can_be_compared_as_it_is() -> None:
    networks = networks_of(load_settings("sample", None, []), STUDIED)
    check_networks(networks, 224)
    assert networks["cnn"].feature_views == 0
    assert networks["vgg16"].feature_views == 1


def test_every_network_that_an_image_is_too_small_for_is_named(tmp_path: Path) -> None:
    networks = networks_of(load_settings("sample", None, []), ("cnn", "vgg16", "inception_resnet_v2"))
    with pytest.raises(UsageError) as fault:
        check_networks(networks, 100)
    lines = str(fault.value).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["data.image_size is 100"] * 2
    assert "vgg16 needs at least 128" in lines[0]
    assert "inception_resnet_v2 needs at least 171; raise it, or leave it out with --models" in lines[1]


def test_weights_that_are_none_are_refused_before_any_film_is_read() -> None:
    settings = load_settings("sample", None, ["compare.networks.vgg16.weights=nowhere.h5"])
    with pytest.raises(UsageError, match=r"trainer.weights is 'nowhere.h5', but there is no such file"):
        check_networks(networks_of(settings, ("cnn", "vgg16")), 224)
