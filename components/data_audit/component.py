"""DataAudit: measures what would make a result on these films worthless. It always succeeds; DataGate refuses."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import DataAuditReport, Manifest, RejectedFilms
from components.data_audit.executor import Executor


class DataAuditSpec(component_spec.ComponentSpec):
    """Parameters, inputs and output of DataAudit."""

    PARAMETERS = {
        "audit_settings": component_spec.ExecutionParameter(type=str),
        "classes": component_spec.ExecutionParameter(type=str),
        "positive": component_spec.ExecutionParameter(type=str),
        "max_rejected": component_spec.ExecutionParameter(type=float),
        "split_by": component_spec.ExecutionParameter(type=str),
        "duplicates": component_spec.ExecutionParameter(type=str),
        "sources_without_patients": component_spec.ExecutionParameter(type=str),
        "baseline": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "manifest": component_spec.ChannelParameter(type=Manifest),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "rejected": component_spec.ChannelParameter(type=RejectedFilms),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
        "statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "anomalies": component_spec.ChannelParameter(type=standard_artifacts.ExampleAnomalies),
    }
    OUTPUTS = {"audit": component_spec.ChannelParameter(type=DataAuditReport)}


class DataAudit(base_component.BaseComponent):
    """Manifest, records, rejects and anomalies to a list of checks.

    Args:
        manifest: Channel of one Manifest.
        examples: Channel of the records, for what the films show apart from the lungs.
        rejected: Channel of the films that XrayExampleGen rejected.
        schema: Channel of the schema: what is allowed, and what may drift.
        statistics: Channel of the statistics of every split.
        anomalies: Channel of ExampleValidator's anomalies.
        audit_settings: ``AuditSettings`` as JSON.
        classes: Names of the classes as a JSON list.
        positive: The class that is told from all others.
        max_rejected: Share of all rows that may be rejected.
        split_by: ``patient`` or ``film``.
        duplicates: ``group``, ``drop`` or ``stop``: what the settings say of copies.
        sources_without_patients: Names of the sources that do not say which films are of one patient, as a JSON list.
        baseline: ``Baseline`` as JSON, the last accepted data; empty where there are none yet.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = DataAuditSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        manifest: BaseChannel,
        examples: BaseChannel,
        rejected: BaseChannel,
        schema: BaseChannel,
        statistics: BaseChannel,
        anomalies: BaseChannel,
        audit_settings: str,
        classes: str,
        positive: str,
        max_rejected: float,
        split_by: str,
        duplicates: str,
        sources_without_patients: str,
        baseline: str,
        code_digest: str,
    ) -> None:
        super().__init__(
            spec=DataAuditSpec(
                manifest=manifest,
                examples=examples,
                rejected=rejected,
                schema=schema,
                statistics=statistics,
                anomalies=anomalies,
                audit_settings=audit_settings,
                classes=classes,
                positive=positive,
                max_rejected=max_rejected,
                split_by=split_by,
                duplicates=duplicates,
                sources_without_patients=sources_without_patients,
                baseline=baseline,
                code_digest=code_digest,
                audit=Channel(type=DataAuditReport),
            )
        )
