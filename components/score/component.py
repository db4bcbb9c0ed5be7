"""Score: the network once per test film and variant; everything that judges the model reads what it writes."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import Manifest, Predictions
from components.score.executor import Executor


class ScoreSpec(component_spec.ComponentSpec):
    """Parameters, inputs and output of Score."""

    PARAMETERS = {
        "score_settings": component_spec.ExecutionParameter(type=str),
        "served": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "manifest": component_spec.ChannelParameter(type=Manifest),
    }
    OUTPUTS = {"predictions": component_spec.ChannelParameter(type=Predictions)}


class Score(base_component.BaseComponent):
    """Test films and model to predictions, explanations and a check of the export.

    Args:
        examples: Channel of Examples with a test split.
        model: Channel of one Model, exported by the Trainer.
        manifest: Channel of the manifest, for the files of some films.
        score_settings: ``ScoreSettings`` as JSON.
        served: ``ServedModel`` as JSON, which is asked about the same films; empty where none is served.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = ScoreSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        model: BaseChannel,
        manifest: BaseChannel,
        score_settings: str,
        served: str,
        code_digest: str,
    ) -> None:
        super().__init__(
            spec=ScoreSpec(
                examples=examples,
                model=model,
                manifest=manifest,
                score_settings=score_settings,
                served=served,
                code_digest=code_digest,
                predictions=Channel(type=Predictions),
            )
        )
