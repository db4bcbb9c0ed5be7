"""Which networks are compared."""

from pathlib import Path

import keras
import pytest

from pipeline.compare.networks import STUDIED, check_networks, names_in, networks_of, unreached
from pipeline.compare.study import STUDY
from pipeline.settings import load_settings
from trainer.backbones import BACKBONES, Backbone
from trainer.errors import RunError, UsageError


def small(filters: int) -> Backbone:
    """A frozen network of one layer."""

    def build(image_size: int) -> keras.Model:
        return keras.Sequential(
            [keras.Input((image_size, image_size, 3)), keras.layers.Conv2D(filters, 3)], name="small"
        )

    return Backbone(build, lambda image: image / 255, frozen=True, minimum_side=16, pool=4)


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
    with pytest.raises(UsageError, match=r"^compare.networks.vgg16.weights is 'nowhere.h5', but there is no such file"):
        check_networks(networks_of(settings, ("cnn", "vgg16")), 224)


def test_weights_of_another_network_are_refused_before_any_film_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BACKBONES, "vgg16", small(4))
    (tmp_path / "trainer.weights").mkdir()
    file = tmp_path / "trainer.weights" / "other.weights.h5"
    small(5).build(32).save_weights(file)
    settings = load_settings("sample", None, [f"compare.networks.vgg16.weights={file}"])
    with pytest.raises(RunError) as fault:
        check_networks(networks_of(settings, ("cnn", "vgg16")), 32)
    assert str(fault.value).startswith("compare.networks.vgg16.weights: other.weights.h5 does not fit small: ")
    file.write_bytes(b"<html>404</html>")
    with pytest.raises(RunError, match=rf"^compare.networks.vgg16.weights: {file} cannot be read as a Keras weights"):
        check_networks(networks_of(settings, ("vgg16",)), 32)
    small(4).build(32).save_weights(file)
    check_networks(networks_of(settings, ("vgg16",)), 32)


def test_layers_that_one_of_the_networks_lacks_are_refused_before_any_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKBONES, "vgg16", small(4))
    monkeypatch.setattr(keras.utils, "get_file", lambda *_, **__: pytest.fail("a download has begun"))
    overrides = ["trainer.weights=imagenet", "trainer.feature_views=0", "trainer.fine_tune={layers: 2}"]
    settings = load_settings("sample", None, overrides)
    with pytest.raises(UsageError, match=r"^compare.networks.vgg16.fine_tune.layers is 2, but vgg16 has 1 layers"):
        check_networks(networks_of(settings, ("cnn", "vgg16")), 32)


def test_a_download_that_cannot_be_had_names_the_setting_of_that_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.utils, "get_file", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    settings = load_settings("sample", None, ["trainer.weights=imagenet"])
    with pytest.raises(RunError, match=r"give a local file with compare.networks.vgg16.weights=FILE.h5"):
        check_networks(networks_of(settings, ("vgg16",)), 224)


def test_the_layers_that_the_profile_full_tunes_are_in_every_network_of_the_study() -> None:
    tuned = {name: one.fine_tune for name, one in networks_of(load_settings("full", None, []), STUDIED).items()}
    assert tuned["cnn"] is None
    assert {name: one.layers for name, one in tuned.items() if one} == {
        "vgg16": 3, "nasnet_large": 20, "inception_resnet_v2": 20,
    }  # fmt: skip
    assert len({(one.epochs, one.learning_rate) for one in tuned.values() if one}) == 1


def test_a_setting_of_the_group_that_does_not_reach_a_network_is_told() -> None:
    def told(*overrides: str, names: tuple[str, ...] = STUDIED) -> list[str]:
        return list(unreached(load_settings("sample", None, overrides), names, overrides))

    assert told("trainer.epochs=3") == [
        "trainer.epochs=3 does not reach cnn, for which compare.networks.cnn.epochs is 6; "
        "add --set compare.networks.cnn.epochs=3"
    ]
    assert told("trainer.epochs=6") == told("trainer.seed=2") == told("trainer.epochs=3", names=("vgg16",)) == []
    assert told("trainer.epochs=3", "compare.networks.cnn.epochs=5") == [], "meant so"
