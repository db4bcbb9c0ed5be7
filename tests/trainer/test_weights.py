import hashlib
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.backbones import BACKBONES, Backbone, WeightsFile
from trainer.errors import RunError, UsageError
from trainer.settings import TrainerSettings
from trainer.weights import fetch_weights, load_weights, name_weights


def _network(filters: int = 4, depth: int = 2) -> keras.Model:
    layers: list[keras.layers.Layer] = [keras.Input((16, 16, 3))]
    for _ in range(depth):
        layers += [keras.layers.Conv2D(filters, 3), keras.layers.BatchNormalization(), keras.layers.ReLU()]
    return keras.Sequential(layers, name="net")


def _save(network: keras.Model, file: Path) -> Path:
    """As Keras 3 writes ``.weights.h5`` and as Keras 2 wrote ``.h5``."""
    if file.name.endswith(".weights.h5"):
        network.save_weights(file)
    else:
        network.save(file)
    return file


@pytest.mark.parametrize("name", ["net.weights.h5", "net.h5"])
def test_a_file_of_the_same_network_is_loaded(tmp_path, name):
    saved, loaded = _network(), _network()
    load_weights(loaded, _save(saved, tmp_path / name))
    for one, other in zip(saved.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("name", ["net.weights.h5", "net.h5"])
@pytest.mark.parametrize(
    "other, message",
    [
        (
            {"filters": 5},
            r"the network has conv2d\S* \(3, 3, 3, 4\), \(4,\) where the file has conv2d\S* \(3, 3, 3, 5\)",
        ),
        (
            {"depth": 1},
            r"the network has conv2d\S* \(3, 3, 4, 4\), \(4,\) where "
            r"the file has (no further layer|conv2d\S* without weights)",
        ),
        ({"depth": 3}, r"the network has no further layer where the file has (conv2d|batch)\S* \("),
    ],
)
def test_the_file_of_another_network_names_the_first_layer_that_does_not_fit(tmp_path, name, other, message):
    network = _network()
    before = [weight.numpy().copy() for weight in network.weights]
    file = _save(_network(**other), tmp_path / name)
    with pytest.raises(RunError, match=message):
        load_weights(network, file)
    for weight, value in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


@pytest.mark.parametrize("name", ["net.weights.h5", "net.h5"])
def test_a_file_that_is_no_weights_file_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"<html>404</html>")
    with pytest.raises(RunError, match=rf"{name} cannot be read as a Keras weights file"):
        load_weights(_network(), tmp_path / name)


@pytest.mark.parametrize(
    "settings", [TrainerSettings(weights="random"), TrainerSettings(backbone="cnn", weights="imagenet")]
)
def test_nothing_is_fetched_for_random_weights_or_the_cnn(settings):
    assert fetch_weights(settings) is None


def test_a_local_file_is_taken_as_it_is_and_never_named_with_its_path(tmp_path):
    file = tmp_path / "net.weights.h5"
    file.write_bytes(b"weights")
    settings = TrainerSettings(weights=str(file))
    assert fetch_weights(settings) == file
    assert name_weights(settings, file) == "net.weights.h5 (sha256 9a129038d9a00aed)"


@pytest.mark.parametrize(
    "weights, message",
    [("image-net", "is not imagenet, random, or a .weights.h5"), ("/nowhere/a.weights.h5", "there is no such file")],
)
def test_weights_that_are_not_there_are_named(weights, message):
    with pytest.raises(UsageError, match=message):
        fetch_weights(TrainerSettings(weights=weights))


def test_an_unreachable_download_names_both_ways_out_in_one_line(tmp_path):
    """In a process of its own: Keras reads KERAS_HOME, and urllib the proxy, once."""
    script = (
        "from trainer.weights import fetch_weights; from trainer.settings import TrainerSettings\n"
        "from trainer.errors import RunError\n"
        "try: fetch_weights(TrainerSettings())\n"
        "except RunError as error: print(error)\n"
    )
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KERAS_HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",  # the discard port: closed
        "no_proxy": "",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=environment, capture_output=True, text=True
    )
    assert len(done.stdout.splitlines()) == 1, done.stdout + done.stderr
    assert "the ImageNet weights of inception_resnet_v2 could not be downloaded" in done.stdout
    assert "trainer.weights=FILE" in done.stdout
    assert "KERAS_HOME" in done.stdout
    assert not list((tmp_path / "models").iterdir())


def test_a_download_is_checked_and_then_taken_from_the_cache(tmp_path, monkeypatch, capsys):
    source = tmp_path / "served" / "weights_for_a_test.h5"
    source.parent.mkdir()
    source.write_bytes(b"weights")
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "home"), raising=True)

    def serve(md5: str) -> TrainerSettings:
        file = WeightsFile(source.as_uri(), md5)
        network = Backbone(build=lambda _: _network(), scale=lambda x: x, frozen=True, minimum_side=8, imagenet=file)
        monkeypatch.setitem(BACKBONES, "inception_resnet_v2", network)
        return TrainerSettings()

    with pytest.raises(RunError, match="could not be downloaded"):
        fetch_weights(serve("0" * 32))
    settings = serve(hashlib.md5(b"weights").hexdigest())
    fetched = fetch_weights(settings)
    source.unlink()
    assert fetch_weights(settings) == fetched
    assert fetched is not None
    assert fetched.read_bytes() == b"weights"
    assert capsys.readouterr().out == ""
