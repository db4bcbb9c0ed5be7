"""Which networks are compared, and what each is trained with."""

import typing
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.settings import RunSettings
from trainer.errors import UsageError
from trainer.settings import BackboneName, TrainerSettings

#: The study's, in the order of its table.
STUDIED: Final[tuple[str, ...]] = ("cnn", "vgg16", "nasnet_large", "inception_resnet_v2")
KNOWN: Final[tuple[str, ...]] = typing.get_args(BackboneName)


def names_in(text: str | None) -> tuple[str, ...]:
    """The networks of a list with commas; the study's where there is none.

    Raises:
        UsageError: One that is not known, named twice, or none at all.
    """
    if text is None:
        return STUDIED
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    faults = [f"--models: '{name}' is not one of {', '.join(KNOWN)}" for name in names if name not in KNOWN]
    faults += [f"--models: {name} is named {count} times" for name, count in Counter(names).items() if count > 1]
    if not names:
        faults = [f"--models names no network; known are {', '.join(KNOWN)}"]
    if faults:
        raise UsageError("\n".join(faults))
    return names


def networks_of(settings: RunSettings, names: Sequence[str]) -> dict[str, TrainerSettings]:
    """Name of a network -> what it is trained with, in the order of the names.

    Raises:
        UsageError: Settings that do not go with a network, or a weights file that several networks would share.
    """
    faults, networks = [], {}
    for name in names:
        try:
            networks[name] = settings.compare.trainer_of(name, settings.trainer)
        except ValueError as error:
            faults.append(str(error))
    files: dict[str, list[str]] = {}
    for name, trainer in networks.items():
        if name != "cnn" and Path(trainer.weights).suffix:
            files.setdefault(trainer.weights, []).append(name)
    faults += [
        f"trainer.weights is {file}, which cannot be the weights of {' and '.join(of)} alike; give each its own "
        f"with compare.networks.{of[0]}.weights, or name one with --models"
        for file, of in files.items()
        if len(of) > 1
    ]
    if faults:
        raise UsageError("\n".join(faults))
    return networks


def check_networks(networks: dict[str, TrainerSettings], image_size: int) -> None:
    """Asks, before any work on films, for what a training asks for first: a GPU, an image size, the weights.

    Raises:
        UsageError: Images too small for a network, or weights that are none.
        RunError: No GPU where one is asked for, or weights out of reach.
    """
    from trainer.devices import check_gpu  # these three bring TensorFlow
    from trainer.model import check_image_size
    from trainer.weights import fetch_weights

    for trainer in networks.values():
        check_gpu(trainer)
    faults = []
    for name in networks:
        try:
            check_image_size(name, image_size)
        except UsageError as error:
            faults.append(str(error).replace("choose another trainer.backbone", "leave it out with --models"))
    if faults:
        raise UsageError("\n".join(faults))
    for trainer in networks.values():
        fetch_weights(trainer)
