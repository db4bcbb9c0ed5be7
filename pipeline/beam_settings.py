"""Where Apache Beam runs, for all components or for one, and what the command line says of it."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from trainer.errors import UsageError
from trainer.setting_faults import meant
from trainer.strict import Settings

#: Components that work in Beam.
BEAM_NODES: Final = ("ManifestGen", "XrayExampleGen", "StatisticsGen", "Evaluator")
#: Those of them that read every film.
FILM_NODES: Final = ("ManifestGen", "XrayExampleGen")
#: Files from which on processes are worth their start to both nodes together, with some to spare: benchmarks/ingest.md
#: has their seconds with one and with two.
FILMS_FOR_PROCESSES: Final = 3000
#: Each has memory of its own for TensorFlow (benchmarks/ingest.md).
MOST_PROCESSES: Final = 4
#: The options of DirectRunner that say how many do the work, with Beam's own values.
WORKERS: Final = {"direct_running_mode": "in_memory", "direct_num_workers": "1"}
#: One process, without gRPC between the runner and itself.
DEFAULT_OPTIONS: Final = tuple(f"--{name}={value}" for name, value in WORKERS.items())
_OPTION: Final = re.compile(r"--([A-Za-z][\w-]*)(=.*)?", re.DOTALL)
_RUNNER: Final = "runner"


class BeamRunner(Settings):
    """A runner and what it is told."""

    runner: str = Field("DirectRunner", min_length=1, description="name of a Beam runner, or module.Class of one")
    options: tuple[str, ...] = Field(DEFAULT_OPTIONS, description="further options of the runner, as Beam spells them")

    @property
    def pipeline_args(self) -> list[str]:
        """Arguments as Beam takes them."""
        return [f"--runner={self.runner}", *self.options]

    @property
    def processes(self) -> int:
        """Worker processes that the runner starts on this machine, 1 where it starts none."""
        return int(self.workers["direct_num_workers"]) or len(os.sched_getaffinity(0))

    @property
    def workers(self) -> dict[str, str]:
        """The options of ``WORKERS``: what is said of them, or Beam's own values."""
        said = {_name(option): option.partition("=")[2] for option in self.options}
        return {name: said.get(name, value) for name, value in WORKERS.items()}

    @property
    def other_options(self) -> list[str]:
        """The options that say nothing of workers on this machine."""
        return [option for option in self.options if _name(option) not in WORKERS]

    @field_validator("options")
    @classmethod
    def _spelt_as_beam_spells_them(cls, options: tuple[str, ...]) -> tuple[str, ...]:
        faults = [option for option in options if not _OPTION.fullmatch(option)]
        if faults:
            raise ValueError(f"{', '.join(map(repr, faults))} is not --NAME=VALUE; for example --direct_num_workers=2")
        if _RUNNER in map(_name, options):
            raise ValueError("--runner is a key of its own, beside the options: runner")
        return options

    @model_validator(mode="after")
    def _workers_have_processes(self) -> "BeamRunner":
        mode, workers = self.workers.values()
        if workers != "1" and mode == "in_memory":
            raise ValueError(
                f"direct_num_workers is {workers}, but in the running mode in_memory one worker does all; "
                "direct_running_mode has to be multi_processing"
            )
        return self


class BeamSettings(BeamRunner):
    """Where Apache Beam runs ingest, statistics and evaluation."""

    components: dict[str, BeamRunner] = Field({}, description="component -> its own runner, in the place of all this")

    def of(self, node: str) -> BeamRunner:
        """The runner of a component."""
        return self.components.get(node, self)

    def for_films(self, files: int) -> "BeamSettings":
        """These, or with nothing said and many films a process per core, four at most, for what reads films.

        Statistics and evaluation stay in one: they have the films' records, and Evaluator may have a GPU.
        """
        processes = min(MOST_PROCESSES, len(os.sched_getaffinity(0)))
        if self.model_fields_set or files < FILMS_FOR_PROCESSES or processes == 1:
            return self
        several = BeamRunner(options=("--direct_running_mode=multi_processing", f"--direct_num_workers={processes}"))
        return BeamSettings(components=dict.fromkeys(FILM_NODES, several))

    @property
    def most_processes(self) -> int:
        """Of a component on this machine."""
        return max(self.of(node).processes for node in BEAM_NODES)

    @field_validator("components", mode="before")
    @classmethod
    def _components_work_in_beam(cls, components: Any) -> Any:
        named = components if isinstance(components, Mapping) else {}
        faults = [
            f"'{name}' is no component that works in Beam; {meant(str(name), BEAM_NODES)}"
            for name in named
            if name not in BEAM_NODES
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return components


def works_elsewhere(runner: str) -> bool:
    """Whether a runner's workers are not in the process that starts it, nor its children.

    Args:
        runner: As a setting has it: ``FlinkRunner``, ``direct``, ``module.DirectRunner``.
    """
    return not runner.rpartition(".")[2].lower().removesuffix("runner").endswith("direct")


def with_arguments(group: Any, arguments: Sequence[str]) -> Any:
    """The group ``beam`` of the settings with arguments of the command line over it.

    Args:
        group: As it was read and not yet checked, None where there is none.
        arguments: Texts like ``--direct_num_workers=2``. All of one name replace the group's of that name;
            ``--runner=NAME`` is the group's key ``runner``.

    Returns:
        The new group; where the old one is faulty that one, for the check to find.

    Raises:
        UsageError: ``--runner`` without a name.
    """
    group = {} if group is None else group
    before = group.get("options", DEFAULT_OPTIONS) if isinstance(group, Mapping) else None
    if not isinstance(before, list | tuple) or not all(isinstance(option, str) for option in before):
        return group
    given = {_name(argument) for argument in arguments}
    changed = dict(group)
    changed["options"] = [option for option in before if _name(option) not in given]
    for argument in arguments:
        if _name(argument) != _RUNNER:
            changed["options"].append(argument)
        elif name := argument.partition("=")[2]:
            changed[_RUNNER] = name
        else:
            raise UsageError("--beam.runner has no value; for example --beam.runner=DirectRunner")
    return changed


def _name(option: str) -> str:
    return option.removeprefix("--").partition("=")[0]
