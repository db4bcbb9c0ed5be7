"""All settings of a run: a profile, overrides, and one sentence for every fault."""

import copy
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import Field, ValidationError, model_validator

from components.data_audit.settings import AuditSettings
from components.manifest_gen.settings import DataSettings, SplitSettings
from components.manifest_gen.sources.registry import KINDS
from components.release_gate.settings import GateSettings
from components.score.settings import ScoreSettings
from pipeline.beam_settings import BeamSettings, with_arguments
from pipeline.compare.settings import CompareSettings
from pipeline.kubeflow_settings import KubeflowSettings
from pipeline.report.settings import ReportSettings
from trainer.errors import UsageError
from trainer.setting_faults import known_keys, meant, told
from trainer.settings import ThresholdSettings, TrainerSettings
from trainer.strict import Settings
from trainer.tuner_settings import TunerSettings, check_search

PROFILES: Final = Path(__file__).with_name("profiles")
#: Where the list of sources stands; what its items may hold depends on their kind.
SOURCES: Final = ("data", "sources")


class SampleSettings(Settings):
    """Films to draw under the root when ``data.root`` names no folder."""

    patients: int = Field(100, ge=4, le=100_000, description="per class; a patient has one to three films")
    seed: int = Field(7, ge=0, lt=2**31)


class ServingSettings(Settings):
    """How the pushed model is called."""

    model_name: str = Field("cxr", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")


class RunSettings(Settings):
    """Everything that a run can be told."""

    data: DataSettings
    sample: SampleSettings | None = None
    split: SplitSettings = SplitSettings()
    audit: AuditSettings = AuditSettings()
    trainer: TrainerSettings = TrainerSettings()
    tuner: TunerSettings = TunerSettings()
    threshold: ThresholdSettings = ThresholdSettings()
    score: ScoreSettings = ScoreSettings()
    gate: GateSettings = GateSettings()
    report: ReportSettings = ReportSettings()
    serving: ServingSettings = ServingSettings()
    compare: CompareSettings = CompareSettings()
    beam: BeamSettings = BeamSettings()
    kubeflow: KubeflowSettings = KubeflowSettings()

    @model_validator(mode="after")
    def _every_network_of_a_comparison_can_be_trained(self) -> "RunSettings":
        self.compare.check(self.trainer)
        return self

    @model_validator(mode="after")
    def _the_trainer_can_take_what_the_tuner_finds(self) -> "RunSettings":
        check_search(self.trainer, self.tuner)
        return self


def profile_names() -> list[str]:
    """Names of the profiles that come with the project."""
    return sorted(path.stem for path in PROFILES.glob("*.yaml"))


def load_settings(
    profile: str | None,
    config: Path | None,
    overrides: Sequence[str],
    beam: Sequence[str] = (),
    under: Mapping[str, Any] | None = None,
) -> RunSettings:
    """Reads a profile, then a file over it, then single keys over both.

    Args:
        profile: Name of a profile, or None for no profile.
        config: A YAML file, or None.
        overrides: Texts like ``trainer.epochs=5``; the value is read as YAML.
        beam: Options of Beam over those of the settings, texts like ``--direct_num_workers=2``.
        under: Groups of values that hold where nothing else says otherwise.

    Raises:
        UsageError: Every fault at once, a line each.
    """
    values: dict[str, Any] = copy.deepcopy(dict(under or {}))
    if profile is not None:
        if profile not in profile_names():
            raise UsageError(f"profile '{profile}' is not one of {', '.join(profile_names())}")
        merge(values, _read_yaml(PROFILES / f"{profile}.yaml"))
    if config is not None:
        merge(values, _read_yaml(config))
    for override in overrides:
        merge(values, parse_override(override))
    if beam:
        values["beam"] = with_arguments(values.get("beam"), beam)
    try:
        return RunSettings.model_validate(values)
    except ValidationError as error:
        raise UsageError("\n".join(_sentences(error))) from error


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"settings file {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"settings file {path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise UsageError(f"settings file {path} holds {type(values).__name__}, not groups of keys such as 'trainer:'")
    return values


def parse_override(text: str) -> dict[str, Any]:
    """``trainer.epochs=5`` as ``{"trainer": {"epochs": 5}}``.

    Raises:
        UsageError: It is no KEY=VALUE, or the value is no YAML.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"--set '{text}' is not KEY=VALUE; for example --set trainer.epochs=5")
    try:
        parsed: Any = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UsageError(f"--set {key}: the value '{value}' is not YAML: {' '.join(str(error).split())}") from error
    for part in reversed(key.strip().split(".")):
        parsed = {part: parsed}
    return typing.cast(dict[str, Any], parsed)


def merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Puts values over others in place, group by group."""
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


def _sentences(error: ValidationError) -> Iterator[str]:
    places = [fault["loc"] for fault in error.errors()]
    for fault in error.errors():
        if fault["type"] == "too_short" and any(
            place[: len(fault["loc"])] == fault["loc"] != place for place in places
        ):
            continue  # too short only because its faulty items were taken out
        key = _key(fault["loc"])
        if fault["type"] == "missing" and fault["loc"][:2] == SOURCES:  # --set does not reach into a list
            yield f"{key} is missing; set it in the settings file"
        elif fault["type"] == "missing":
            yield f"{key} is missing; set it in the settings file or with --set {key}=..."
        elif fault["type"].startswith("union_tag_"):
            value = fault["input"]
            given = f"'{value['kind']}', which is not" if "kind" in value else "missing; it is"
            yield f"{key}.kind is {given} one of {', '.join(KINDS)}"
        else:
            yield told(fault, key, _hint(fault["loc"]))


def _key(place: tuple[int | str, ...]) -> str:
    """A fault's place as the user writes it: the kind of a source is no part of the path."""
    if place[:2] == SOURCES:
        place = place[:3] + place[4:]
    return ".".join(str(part) for part in place if part != "[key]")


def _hint(place: tuple[int | str, ...]) -> str:
    """What may have been meant at the place of a key that is not known."""
    key = _key(place)
    if place[:2] == SOURCES:
        group, _, last = key.rpartition(".")
        return meant(last, list(KINDS[str(place[3])].settings.model_fields), group)
    return meant(key, list(known_keys(RunSettings)))
