"""DataGate: the only node that raises on bad data, so that nothing behind it trains on them.

TFX deletes the outputs of a component that raises. This one has none: the evidence is DataAudit's and stays.
"""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, component_spec

from components.artifacts import DataAuditReport
from components.data_gate.executor import Executor


class DataGateSpec(component_spec.ComponentSpec):
    """Parameter and input of DataGate."""

    PARAMETERS = {"code_digest": component_spec.ExecutionParameter(type=str)}
    INPUTS = {"audit": component_spec.ChannelParameter(type=DataAuditReport)}
    OUTPUTS: dict[str, component_spec.ChannelParameter] = {}


class DataGate(base_component.BaseComponent):
    """Stops the run where a check of the audit says stop.

    Args:
        audit: Channel of one DataAuditReport.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, audit: BaseChannel, code_digest: str) -> None:
        super().__init__(spec=DataGateSpec(audit=audit, code_digest=code_digest))
