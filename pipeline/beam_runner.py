"""TFX's Beam runner, which says which node it has come to."""

import re
from typing import Final

from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner, PipelineNodeAsDoFn

from pipeline.runtime import LOGGER

#: Beam appends to the message of whatever is raised in a step: " [while running 'Run[Trainer]']".
_STEP: Final = re.compile(r" \[while running '[^']*'\]")


class _AnnouncedNode(PipelineNodeAsDoFn):
    def _run_node(self) -> None:
        LOGGER.info("%s", self._node_id)
        super()._run_node()


class AnnouncingBeamDagRunner(BeamDagRunner):
    """Create it without arguments: any argument silently selects TFX's legacy runner."""

    _PIPELINE_NODE_DO_FN_CLS = _AnnouncedNode


def message_of(error: BaseException) -> str:
    """The message of an exception as it was raised, before it came through Beam."""
    return _STEP.sub("", str(error))
