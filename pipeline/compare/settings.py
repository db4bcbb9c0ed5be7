"""What a comparison of networks can be told, beside the settings of a run."""

import difflib
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError

from trainer.settings import BackboneName, TrainerSettings
from trainer.strict import Settings

#: What a network that is trained whole cannot follow, and what it does instead.
_TRAINED_WHOLE: Mapping[str, Any] = {"feature_views": 0, "fine_tune": None}


class CompareSettings(Settings):
    """Settings of single networks, over those of the group ``trainer``."""

    networks: dict[BackboneName, dict[str, Any]] = Field(
        {}, description="network -> keys of the group trainer, for this network only"
    )

    def trainer_of(self, name: str, trainer: TrainerSettings) -> TrainerSettings:
        """What one network is trained with.

        The cnn has no frozen part: ``feature_views`` and ``fine_tune`` of the group ``trainer`` are not meant for it.

        Args:
            name: Of the network.
            trainer: The group ``trainer``.

        Raises:
            ValueError: Every fault of the network's own settings, a line each.
        """
        values = trainer.model_dump() | (dict(_TRAINED_WHOLE) if name == "cnn" else {})
        own = self.networks.get(typing.cast(BackboneName, name), {})
        if "backbone" in own:
            raise ValueError(f"compare.networks.{name}.backbone is not a setting; the network's name says it")
        values = _merged(values, own) | {"backbone": name}
        try:
            return TrainerSettings.model_validate(values)
        except ValidationError as error:
            raise ValueError("\n".join(_sentences(error, f"compare.networks.{name}"))) from error

    def check(self, trainer: TrainerSettings) -> None:
        """Raises ValueError with every fault of every network that is named, a line each."""
        faults = []
        for name in self.networks:
            try:
                self.trainer_of(name, trainer)
            except ValueError as error:
                faults.append(str(error))
        if faults:
            raise ValueError("\n".join(faults))


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    def one(name: str) -> Any:
        both = isinstance(base.get(name), Mapping) and isinstance(over[name], Mapping)
        return _merged(base[name], over[name]) if both else over[name]

    return {**base, **{name: one(name) for name in over}}


def _sentences(error: ValidationError, group: str) -> Iterator[str]:
    for fault in error.errors():
        key = ".".join((group, *map(str, fault["loc"])))
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(fault["loc"][-1]), TrainerSettings.model_fields, n=1)
            known = (
                f"did you mean {group}.{near[0]}?" if near else f"known are {', '.join(TrainerSettings.model_fields)}"
            )
            yield f"{key} is not a setting; {known}"
        elif fault["type"] == "value_error":
            yield f"{key}: {fault['ctx']['error']}"
        else:
            yield f"{key} is {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
