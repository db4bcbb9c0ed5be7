"""Score: the network once per test film; everything that judges the model reads what it writes."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import Predictions
from components.score.executor import Executor


class ScoreSpec(component_spec.ComponentSpec):
    """Parameter, inputs and output of Score."""

    PARAMETERS = {"code_digest": component_spec.ExecutionParameter(type=str)}
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
    }
    OUTPUTS = {"predictions": component_spec.ChannelParameter(type=Predictions)}


class Score(base_component.BaseComponent):
    """Test films and model to predictions.

    Args:
        examples: Channel of Examples with a test split.
        model: Channel of one Model, exported by the Trainer.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = ScoreSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, examples: BaseChannel, model: BaseChannel, code_digest: str) -> None:
        super().__init__(
            spec=ScoreSpec(
                examples=examples, model=model, code_digest=code_digest, predictions=Channel(type=Predictions)
            )
        )
