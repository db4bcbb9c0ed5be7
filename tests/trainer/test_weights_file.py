from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from trainer.errors import RunError
from trainer.weights_file import load_weights


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


def test_a_list_of_layers_in_pieces_is_read_whole(tmp_path):
    saved, loaded = _network(), _network()
    file = _save(saved, tmp_path / "net.h5")
    with h5py.File(file, "r+") as content:
        attributes = content["model_weights"].attrs
        names = attributes.pop("layer_names")
        attributes["layer_names0"], attributes["layer_names1"] = names[:3], names[3:]
    load_weights(loaded, file)
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
