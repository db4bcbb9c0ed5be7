"""TFX's Beam runner, which says which node it has come to, and where the nodes themselves run Beam."""

import os
import re
from typing import Final

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.placeholder.placeholder import Placeholder, environment_variable
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner, PipelineNodeAsDoFn
from tfx.orchestration.pipeline import Pipeline
from tfx.utils import dependency_utils

from pipeline.beam_settings import BeamRunner, BeamSettings, works_elsewhere
from pipeline.runtime import LOGGER

# For workers that lack it TFX packs itself, anew for every component: a second of a core, and 49 MB that stay in /tmp.
# Ours have the whole environment (docs/beam.md), or they would lack our own code too.
dependency_utils.make_beam_dependency_flags = list

#: Beam appends to the message of whatever is raised in a step: " [while running 'Run[Trainer]']".
_STEP: Final = re.compile(r" \[while running '[^']*'\]")


class _AnnouncedNode(PipelineNodeAsDoFn):
    def _run_node(self) -> None:
        LOGGER.info("%s", self._node_id)
        super()._run_node()


class AnnouncingBeamDagRunner(BeamDagRunner):
    """Create it without arguments: any argument silently selects TFX's legacy runner."""

    _PIPELINE_NODE_DO_FN_CLS = _AnnouncedNode


def set_runners(pipeline: Pipeline, settings: BeamSettings, *, here: bool = False) -> None:
    """Tells every component that works in Beam where to.

    With ``here`` this process runs the pipeline. The environment then holds how many workers of this machine there are,
    and TFX's cache key only the variables' names: a root goes on with other workers and repeats nothing.
    """
    for component in pipeline.components:
        if isinstance(component, BaseBeamComponent):
            runner = settings.of(component.id)
            if here and not works_elsewhere(runner.runner):
                component.with_beam_pipeline_args(_args_by_name(component.id, runner))
            else:
                component.with_beam_pipeline_args(runner.pipeline_args)


def _args_by_name(node: str, runner: BeamRunner) -> list[str | Placeholder]:
    args: list[str | Placeholder] = [f"--runner={runner.runner}"]
    for option, value in runner.workers.items():  # said or not, and in one order: their names are in the key
        variable = f"CXR_BEAM_{node}_{option}"
        os.environ[variable] = value
        args.append(f"--{option}=" + environment_variable(variable))
    return [*args, *runner.other_options]


def message_of(error: BaseException) -> str:
    """The message of an exception as it was raised, before it came through Beam."""
    return _STEP.sub("", str(error))
