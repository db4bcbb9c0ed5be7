"""What a comparison of networks can be told, beside the settings of a run."""

import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError, field_validator

from trainer.setting_faults import known_keys, meant, told
from trainer.settings import BackboneName, TrainerSettings
from trainer.strict import Settings

#: What a network that is trained whole cannot follow, and what it does instead.
_TRAINED_WHOLE: Mapping[str, Any] = {"feature_views": 0, "fine_tune": None}


class CompareSettings(Settings):
    """Settings of single networks, over those of the group ``trainer``."""

    networks: dict[BackboneName, dict[str, Any]] = Field(
        {}, description="network -> keys of the group trainer, for this network only"
    )

    @field_validator("networks", mode="before")
    @classmethod
    def _each_is_a_group_of_keys(cls, value: object) -> object:
        for name, own in value.items() if isinstance(value, Mapping) else ():
            if not isinstance(own, Mapping):
                raise ValueError(
                    f"{name} is {own!r}, not keys of the group trainer; for example compare.networks.{name}.epochs=5"
                )
        return value

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
    known = [name for name in known_keys(TrainerSettings) if name != "backbone"]
    for fault in error.errors():
        place = [str(part) for part in fault["loc"]]
        yield told(fault, ".".join((group, *place)), meant(".".join(place), known, group))
