"""NetworkTrial: one network of a comparison, trained and asked about the test films; nothing is exported."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import Trial
from components.network_trial.executor import Executor


class NetworkTrialSpec(component_spec.ComponentSpec):
    """Parameters, input and output of NetworkTrial."""

    PARAMETERS = {
        "trainer_settings": component_spec.ExecutionParameter(type=str),
        "threshold_settings": component_spec.ExecutionParameter(type=str),
        "classes": component_spec.ExecutionParameter(type=str),
        "positive": component_spec.ExecutionParameter(type=str),
        "image_size": component_spec.ExecutionParameter(type=int),
        "splits": component_spec.ExecutionParameter(type=str),
        "data_digest": component_spec.ExecutionParameter(type=str),
        "weights_digest": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
        "checkpoint_dir": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {"examples": component_spec.ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"trial": component_spec.ChannelParameter(type=Trial)}


class NetworkTrial(base_component.BaseComponent):
    """Records to a network's figures.

    Args:
        examples: Channel of Examples.
        trainer_settings: ``TrainerSettings`` as JSON; the backbone is theirs.
        threshold_settings: ``ThresholdSettings`` as JSON.
        classes: Names of the classes as a JSON list.
        positive: The class whose miss is the worst error.
        image_size: Side of a record's image in pixels.
        splits: ``Roles`` as JSON: which splits train, choose and test.
        data_digest: Digest of films and metadata.
        weights_digest: Digest of a local weights file, empty where the weights have a name.
        code_digest: Digest of the modules that the executor runs.
        checkpoint_dir: Folder outside the artifacts in which is kept what a killed training goes on from.
    """

    SPEC_CLASS = NetworkTrialSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        trainer_settings: str,
        threshold_settings: str,
        classes: str,
        positive: str,
        image_size: int,
        splits: str,
        data_digest: str,
        weights_digest: str,
        code_digest: str,
        checkpoint_dir: str,
    ) -> None:
        super().__init__(
            spec=NetworkTrialSpec(
                examples=examples,
                trainer_settings=trainer_settings,
                threshold_settings=threshold_settings,
                classes=classes,
                positive=positive,
                image_size=image_size,
                splits=splits,
                data_digest=data_digest,
                weights_digest=weights_digest,
                code_digest=code_digest,
                checkpoint_dir=checkpoint_dir,
                trial=Channel(type=Trial),
            )
        )
