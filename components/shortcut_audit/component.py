"""ShortcutAudit: what the model says where no lung can be seen. It always succeeds; ReleaseGate refuses."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec

from components.artifacts import Predictions, ShortcutReport
from components.shortcut_audit.executor import Executor


class ShortcutAuditSpec(component_spec.ComponentSpec):
    """Parameters, input and output of ShortcutAudit."""

    PARAMETERS = {
        "max_auc": component_spec.ExecutionParameter(type=float),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {"predictions": component_spec.ChannelParameter(type=Predictions)}
    OUTPUTS = {"shortcuts": component_spec.ChannelParameter(type=ShortcutReport)}


class ShortcutAudit(base_component.BaseComponent):
    """Predictions on altered films to findings and pictures.

    Args:
        predictions: Channel of Score's artifact.
        max_auc: Area under the curve on films whose lungs are hidden, from which on the model reads the frame.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = ShortcutAuditSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, predictions: BaseChannel, max_auc: float, code_digest: str) -> None:
        super().__init__(
            spec=ShortcutAuditSpec(
                predictions=predictions,
                max_auc=max_auc,
                code_digest=code_digest,
                shortcuts=Channel(type=ShortcutReport),
            )
        )
