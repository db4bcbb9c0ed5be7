"""ReleaseGate: one decision with reasons, written as the blessing that the Pusher reads."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import DataAuditReport, Predictions, ShortcutReport
from components.release_gate.executor import Executor


class ReleaseGateSpec(component_spec.ComponentSpec):
    """Parameters, inputs and output of ReleaseGate."""

    PARAMETERS = {
        "gate_settings": component_spec.ExecutionParameter(type=str),
        "views": component_spec.ExecutionParameter(type=str),
        "served": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "predictions": component_spec.ChannelParameter(type=Predictions),
        "shortcuts": component_spec.ChannelParameter(type=ShortcutReport),
        "audit": component_spec.ChannelParameter(type=DataAuditReport),
    }
    OUTPUTS = {"blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing)}


class ReleaseGate(base_component.BaseComponent):
    """Predictions and audits to a blessing.

    Args:
        predictions: Channel of Score's artifact: the candidate on the test split, the served model on the same films,
            and what was tried on the export.
        shortcuts: Channel of ShortcutAudit's findings.
        audit: Channel of the data audit, whose warnings travel with the model.
        gate_settings: ``GateSettings`` as JSON.
        views: The views that may pass, as a JSON list; each must occur in the test split.
        served: ``ServedModel`` as JSON, the model that a candidate must not be worse than; empty where none is served.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = ReleaseGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        predictions: BaseChannel,
        shortcuts: BaseChannel,
        audit: BaseChannel,
        gate_settings: str,
        views: str,
        served: str,
        code_digest: str,
    ) -> None:
        super().__init__(
            spec=ReleaseGateSpec(
                predictions=predictions,
                shortcuts=shortcuts,
                audit=audit,
                gate_settings=gate_settings,
                views=views,
                served=served,
                code_digest=code_digest,
                blessing=Channel(type=standard_artifacts.ModelBlessing),
            )
        )
