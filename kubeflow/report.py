"""DataReport and Report: nodes on Kubeflow, where no runner of ours is left to write a report when a run has ended.

A component behind one that failed does not start there. So what a run that DataGate refuses leaves for a reader is
written before DataGate, in every run.
"""

from collections.abc import Mapping

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts
from tfx.types.artifact import Artifact

from components.artifacts import DataAuditReport, Manifest, Predictions, RejectedFilms, ShortcutReport
from kubeflow.report_executor import Executor


class Report(Artifact):
    """``report.html`` and ``model_card.md``, as a run on one machine leaves them."""

    TYPE_NAME = "kubeflow.Report"


class ReportSpec(component_spec.ComponentSpec):
    """Parameters, inputs and output of both: DataReport has the inputs of the data alone."""

    PARAMETERS = {
        name: component_spec.ExecutionParameter(type=str)
        for name in (
            *("settings", "data_settings", "trainer_settings", "gate_settings", "data_digest"),
            *("digests", "model_folder"),
        )
    }
    INPUTS = {
        "manifest": component_spec.ChannelParameter(type=Manifest),
        "rejected": component_spec.ChannelParameter(type=RejectedFilms),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
        "audit": component_spec.ChannelParameter(type=DataAuditReport),
        "trials": component_spec.ChannelParameter(type=standard_artifacts.TunerResults, optional=True),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model, optional=True),
        "predictions": component_spec.ChannelParameter(type=Predictions, optional=True),
        "shortcuts": component_spec.ChannelParameter(type=ShortcutReport, optional=True),
        "blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing, optional=True),
        "pushed": component_spec.ChannelParameter(type=standard_artifacts.PushedModel, optional=True),
    }
    OUTPUTS = {"report": component_spec.ChannelParameter(type=Report)}


class ReportNode(base_component.BaseComponent):
    """What a run has made so far to a report and a model card.

    Args:
        node: ``DataReport`` or ``Report``.
        channels: Input -> channel; ``trials`` only where there was a search.
        settings: ``RunSettings`` as JSON.
        data_settings, trainer_settings, gate_settings: The groups of this run, over those of ``settings``.
        data_digest: Names the films.
        digests: Name -> digest of the code of each node, as JSON.
        model_folder: Folder that TF Serving watches.
    """

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        node: str,
        channels: Mapping[str, BaseChannel],
        *,
        settings: str,
        data_settings: str,
        trainer_settings: str,
        gate_settings: str,
        data_digest: str,
        digests: str,
        model_folder: str,
    ) -> None:
        super().__init__(
            spec=ReportSpec(
                **channels,
                settings=settings,
                data_settings=data_settings,
                trainer_settings=trainer_settings,
                gate_settings=gate_settings,
                data_digest=data_digest,
                digests=digests,
                model_folder=model_folder,
                report=Channel(type=Report),
            )
        )
        self.with_id(node)
