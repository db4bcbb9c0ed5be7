"""TFX's Beam runner, which says which node it has come to, and where the nodes themselves run Beam."""

import re
from typing import Final

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner, PipelineNodeAsDoFn
from tfx.orchestration.pipeline import Pipeline
from tfx.utils import dependency_utils

from pipeline.beam_settings import BeamSettings
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


def set_runners(pipeline: Pipeline, settings: BeamSettings) -> None:
    """Tells every component that works in Beam where to."""
    for component in pipeline.components:
        if isinstance(component, BaseBeamComponent):
            component.with_beam_pipeline_args(settings.of(component.id).pipeline_args)


def message_of(error: BaseException) -> str:
    """The message of an exception as it was raised, before it came through Beam."""
    return _STEP.sub("", str(error))
