"""DataGate: the only node that raises on bad data, so that nothing behind it trains on them.

TFX deletes the outputs of a component that raises. This one has none: the evidence is DataAudit's and stays.
"""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, component_spec

from components.artifacts import DataAuditReport, Manifest, RejectedFilms
from components.data_gate.executor import Executor


class DataGateSpec(component_spec.ComponentSpec):
    """Parameters and inputs of DataGate."""

    PARAMETERS = {
        "gate_settings": component_spec.ExecutionParameter(type=str),
        "positive": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "audit": component_spec.ChannelParameter(type=DataAuditReport),
        "manifest": component_spec.ChannelParameter(type=Manifest),
        "rejected": component_spec.ChannelParameter(type=RejectedFilms),
    }
    OUTPUTS: dict[str, component_spec.ChannelParameter] = {}


class DataGate(base_component.BaseComponent):
    """Stops the run where a check of the audit says stop, and says which bounds no model can reach on these films.

    Args:
        audit: Channel of one DataAuditReport.
        manifest: Channel of one Manifest.
        rejected: Channel of the films that XrayExampleGen rejected.
        gate_settings: ``GateSettings`` as JSON.
        positive: Name of the positive class.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        audit: BaseChannel,
        manifest: BaseChannel,
        rejected: BaseChannel,
        gate_settings: str,
        positive: str,
        code_digest: str,
    ) -> None:
        super().__init__(
            spec=DataGateSpec(
                audit=audit,
                manifest=manifest,
                rejected=rejected,
                gate_settings=gate_settings,
                positive=positive,
                code_digest=code_digest,
            )
        )
