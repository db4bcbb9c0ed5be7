"""Which networks are compared, and what each is trained with."""

import re
import typing
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.settings import RunSettings, parse_override
from trainer.errors import RunError, UsageError
from trainer.settings import BackboneName, TrainerSettings

#: The study's, in the order of its table.
STUDIED: Final[tuple[str, ...]] = ("cnn", "vgg16", "nasnet_large", "inception_resnet_v2")
#: A setting of the group trainer in a message, and no file that is called like one.
_OF_GROUP: Final = re.compile(r"\btrainer\.(weights|fine_tune\.\w+)(?= is |=FILE|: )")
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


def unreached(settings: RunSettings, names: Sequence[str], overrides: Sequence[str]) -> Iterator[str]:
    """A sentence for each ``trainer.KEY=VALUE`` that a network does not follow: ``compare.networks`` has its own.

    Args:
        settings: With the overrides in them.
        names: Of the networks that are compared.
        overrides: What stood behind ``--set``; what it says under ``compare.networks`` is meant so.
    """
    told = [(key, value) for override in overrides for key, value in _leaves(parse_override(override))]
    meant = {key for key, _ in told}
    for name in names:
        group = f"compare.networks.{name}."
        own = {group + key: value for key, value in _leaves(settings.compare.networks.get(name, {}))}  # type: ignore[call-overload]
        for key, value in told:
            its = group + key.removeprefix("trainer.")
            if key.startswith("trainer.") and its in own and its not in meant and own[its] != value:
                yield f"{key}={value} does not reach {name}, for which {its} is {own[its]}; add --set {its}={value}"


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def check_networks(networks: dict[str, TrainerSettings], image_size: int) -> None:
    """Asks, before any work on films, for what a training asks for first: a GPU, an image size, layers, the weights.

    Raises:
        UsageError: Images too small for a network, weights that are none, or layers to fine-tune that it does not have.
        RunError: No GPU where one is asked for, or weights out of reach or of another network.
    """
    from trainer.backbone_check import check_backbone  # all of these bring TensorFlow
    from trainer.devices import check_gpu
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
    for check in (lambda trainer: check_backbone(trainer, image_size), fetch_weights):  # downloads last
        for name, trainer in networks.items():
            try:
                check(trainer)
            except (UsageError, RunError) as error:
                raise type(error)(_OF_GROUP.sub(rf"compare.networks.{name}.\1", str(error))) from error
