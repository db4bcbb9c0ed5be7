"""Where a frozen backbone's weights come from: ImageNet through Keras, a local file, or nowhere."""

import contextlib
import hashlib
import os
import sys
from pathlib import Path

import keras

from trainer.backbones import find_backbone
from trainer.errors import RunError, UsageError
from trainer.settings import TrainerSettings

IMAGENET, RANDOM, SCRATCH = "imagenet", "random", "scratch"


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
    # Keras passes over a KERAS_HOME that it may not write to, such as a read-only volume, and downloads into /tmp.
    cached = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models" / backbone.imagenet.name
    if cached.is_file() and _digest(cached, "md5") == backbone.imagenet.md5:
        return cached
    try:
        # Keras reports its download on stdout, which is for results.
        with contextlib.redirect_stdout(sys.stderr):
            return Path(
                keras.utils.get_file(
                    backbone.imagenet.name,
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
            f"models/{backbone.imagenet.name}"
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
    return f"{file.name} (sha256 {_digest(file, 'sha256')[:16]})"


def _digest(file: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    with file.open("rb") as content:
        while block := content.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _local(path: str) -> Path:
    file = Path(path)
    if not path.endswith(".h5"):
        raise UsageError(f"trainer.weights is '{path}', which is not imagenet, random, or a .weights.h5 or .h5 file")
    if not file.is_file():
        raise UsageError(f"trainer.weights is '{path}', but there is no such file; give its full path")
    return file
