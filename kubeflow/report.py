"""Report: the last node on Kubeflow, where no runner of ours is left to write it when the run has ended."""

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
    """Parameters, inputs and output of Report."""

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
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "audit": component_spec.ChannelParameter(type=DataAuditReport),
        "trials": component_spec.ChannelParameter(type=standard_artifacts.TunerResults, optional=True),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "predictions": component_spec.ChannelParameter(type=Predictions),
        "shortcuts": component_spec.ChannelParameter(type=ShortcutReport),
        "blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing),
        "pushed": component_spec.ChannelParameter(type=standard_artifacts.PushedModel),
    }
    OUTPUTS = {"report": component_spec.ChannelParameter(type=Report)}


class ReportNode(base_component.BaseComponent):
    """Everything that a run has made to its report and model card.

    Args:
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
        self.with_id("Report")
