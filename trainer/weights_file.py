"""A file of weights put into the network it belongs to, and into no other."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import h5py  # type: ignore[import-untyped]
import keras

from trainer.errors import RunError

_Shapes = list[tuple[int, ...]]


def load_weights(network: keras.Model, file: Path) -> None:
    """Puts the weights of a file into a backbone, after a look at all shapes.

    Raises:
        RunError: As :func:`check_weights`.
    """
    check_weights(network, file)
    network.load_weights(file)


def check_weights(network: keras.Model, file: Path) -> None:
    """Looks at all shapes: Keras alone would take the first layers of a deeper network without a word.

    Raises:
        RunError: The file belongs to another network; the message names the first layer that does not fit.
    """
    try:
        with h5py.File(file) as content:
            keras_3 = file.name.endswith(".weights.h5")
            given = list(_keras_layers(content, network) if keras_3 else _legacy_layers(content))
    except (OSError, KeyError) as error:
        raise RunError(f"{file} cannot be read as a Keras weights file ({error}); give another one") from error
    wanted = [(layer.name, [tuple(weight.shape) for weight in layer.weights]) for layer in network.layers]
    wanted = [(name, shapes) for name, shapes in wanted if shapes]
    for ours, theirs in zip_longest(wanted, given):
        if ours is None or theirs is None or ours[1] != theirs[1]:
            raise RunError(
                f"{file.name} does not fit {network.name}: the network has {_layer(ours)} where the file has "
                f"{_layer(theirs)}; give the file of {network.name} without its top"
            )


def _legacy_layers(content: h5py.File) -> Iterator[tuple[str, _Shapes]]:
    """Layers of a ``.h5`` file as Keras 2 wrote it, in the order of the network; layers without weights left out."""
    root = content.get("model_weights", content)
    for name in _layer_names(root):
        shapes = [tuple(root[name][_text(weight)].shape) for weight in root[name].attrs["weight_names"]]
        if shapes:
            yield name, shapes


def _layer_names(root: h5py.Group) -> Iterator[str]:
    """An attribute holds 64 KiB at most; Keras writes longer lists in pieces: layer_names0, layer_names1, ..."""
    pieces = ["layer_names"]
    if "layer_names0" in root.attrs:
        pieces = [f"layer_names{index}" for index in range(sum(key.startswith("layer_names") for key in root.attrs))]
    for piece in pieces:
        yield from map(_text, root.attrs[piece])


def _keras_layers(content: h5py.File, network: keras.Model) -> Iterator[tuple[str, _Shapes]]:
    """Layers of a ``.weights.h5`` file: first those that the network has, in its order, then what is left over.

    In such a file a layer is named by its class and a running number: conv2d, conv2d_1, ...
    """
    left = {name: group["vars"] for name, group in content["layers"].items() if len(group["vars"])}
    numbers: dict[str, int] = {}
    for layer in network.layers:
        word = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)).lower()
        number = numbers[word] = numbers.get(word, -1) + 1
        name = f"{word}_{number}" if number else word
        if layer.weights and name in left:
            yield name, _shapes(left.pop(name))
        elif layer.weights:
            yield name, []
    for name, variables in left.items():
        yield name, _shapes(variables)


def _shapes(variables: h5py.Group) -> _Shapes:
    return [tuple(variables[str(index)].shape) for index in range(len(variables))]


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _layer(layer: tuple[str, _Shapes] | None) -> str:
    if layer is None:
        return "no further layer"
    return f"{layer[0]} {', '.join(map(str, layer[1])) or 'without weights'}"
