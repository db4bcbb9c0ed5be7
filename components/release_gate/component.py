"""ReleaseGate: one decision with reasons, written as the blessing that the Pusher reads."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import DataAuditReport, Predictions
from components.release_gate.executor import Executor


class ReleaseGateSpec(component_spec.ComponentSpec):
    """Parameters, inputs and output of ReleaseGate."""

    PARAMETERS = {
        "gate_settings": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "predictions": component_spec.ChannelParameter(type=Predictions),
        "audit": component_spec.ChannelParameter(type=DataAuditReport),
    }
    OUTPUTS = {"blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing)}


class ReleaseGate(base_component.BaseComponent):
    """Predictions and audit to a blessing.

    Args:
        predictions: Channel of Score's predictions on the test split.
        audit: Channel of the data audit, whose warnings travel with the model.
        gate_settings: ``GateSettings`` as JSON.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = ReleaseGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, predictions: BaseChannel, audit: BaseChannel, gate_settings: str, code_digest: str) -> None:
        super().__init__(
            spec=ReleaseGateSpec(
                predictions=predictions,
                audit=audit,
                gate_settings=gate_settings,
                code_digest=code_digest,
                blessing=Channel(type=standard_artifacts.ModelBlessing),
            )
        )
