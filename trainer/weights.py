"""Where a frozen backbone's weights come from: ImageNet through Keras, a local file, or nowhere."""

import contextlib
import hashlib
import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import h5py  # type: ignore[import-untyped]
import keras

from trainer.backbones import find_backbone
from trainer.errors import RunError, UsageError
from trainer.settings import TrainerSettings

IMAGENET, RANDOM, SCRATCH = "imagenet", "random", "scratch"

_Shapes = list[tuple[int, ...]]


def fetch_weights(settings: TrainerSettings) -> Path | None:
    """The file with the backbone's weights, downloaded unless Keras has it in its cache (``KERAS_HOME``).

    Call it before any work on data: a download that cannot be had then fails in seconds. With the file in the cache
    it costs one checksum.

    Returns:
        The file; None for random weights and for a network that is trained from scratch.

    Raises:
        UsageError: ``trainer.weights`` is neither a known word nor a weights file.
        RunError: The download failed.
    """
    backbone = find_backbone(settings.backbone)
    if not backbone.frozen or settings.weights == RANDOM:
        return None
    if settings.weights != IMAGENET:
        return _local(settings.weights)
    if backbone.imagenet is None:
        raise UsageError(f"trainer.weights is imagenet, but {settings.backbone} has none; set random or a file")
    try:
        # Keras reports its download on stdout, which is for results.
        with contextlib.redirect_stdout(sys.stderr):
            return Path(
                keras.utils.get_file(
                    backbone.imagenet.url.rpartition("/")[2],
                    backbone.imagenet.url,
                    cache_subdir="models",
                    file_hash=backbone.imagenet.md5,
                )
            )
    except Exception as error:  # get_file raises bare Exception
        reason = " ".join(str(error).split())
        raise RunError(
            f"the ImageNet weights of {settings.backbone} could not be downloaded ({reason}); either give a local "
            "file with trainer.weights=FILE.h5, or set KERAS_HOME to a folder that already holds "
            f"models/{backbone.imagenet.url.rpartition('/')[2]}"
        ) from error


def name_weights(settings: TrainerSettings, file: Path | None) -> str:
    """What the weights are called in ``model.json``: never a path.

    Returns:
        ``scratch``, ``random``, ``imagenet``, or name and fingerprint of the local file.
    """
    if not find_backbone(settings.backbone).frozen:
        return SCRATCH
    if file is None or settings.weights == IMAGENET:
        return settings.weights
    with file.open("rb") as content:
        digest = hashlib.sha256()
        while block := content.read(2**20):
            digest.update(block)
    return f"{file.name} (sha256 {digest.hexdigest()[:16]})"


def load_weights(network: keras.Model, file: Path) -> None:
    """Puts the weights of a file into a backbone, after a look at all shapes.

    Keras alone would take the first layers of a deeper network without a word.

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
    network.load_weights(file)


def _local(path: str) -> Path:
    file = Path(path)
    if not path.endswith(".h5"):
        raise UsageError(f"trainer.weights is '{path}', which is not imagenet, random, or a .weights.h5 or .h5 file")
    if not file.is_file():
        raise UsageError(f"trainer.weights is '{path}', but there is no such file; give its full path")
    return file


def _legacy_layers(content: h5py.File) -> Iterator[tuple[str, _Shapes]]:
    """Layers of a ``.h5`` file as Keras 2 wrote it, in the order of the network; layers without weights left out."""
    root = content.get("model_weights", content)
    for name in map(_text, root.attrs["layer_names"]):
        shapes = [tuple(root[name][_text(weight)].shape) for weight in root[name].attrs["weight_names"]]
        if shapes:
            yield name, shapes


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
