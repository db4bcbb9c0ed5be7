"""Pusher: publishes a blessed model by rename.

TFX's own copies in place under the final number, where a watching TF Serving may load it half-written.
"""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import Manifest, Predictions
from components.pusher.executor import Executor


class PusherSpec(component_spec.ComponentSpec):
    """Parameters, inputs and output of Pusher."""

    PARAMETERS = {
        "model_folder": component_spec.ExecutionParameter(type=str),
        "version": component_spec.ExecutionParameter(type=int),
        "plan_digest": component_spec.ExecutionParameter(type=str),
        "key_id": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing),
        "statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "manifest": component_spec.ChannelParameter(type=Manifest),
        "predictions": component_spec.ChannelParameter(type=Predictions),
    }
    OUTPUTS = {"pushed": component_spec.ChannelParameter(type=standard_artifacts.PushedModel)}


class Pusher(base_component.BaseComponent):
    """Model and blessing to a served version.

    Args:
        model: Channel of one Model, exported by the Trainer.
        blessing: Channel of the ReleaseGate's blessing, with its decision.
        statistics: Channel of the training statistics, kept with the version for drift checks.
        examples: Channel of the records, of whose train and eval films hashes are kept with the version, so that an
            evaluation on other films can tell which of them the model has seen.
        manifest: Channel of the manifest, for the sizes and formats of the train films.
        predictions: Channel of Score's predictions; statistics of what the model says of the test films are kept with
            the version, to tell when films in use are others.
        model_folder: Folder that TF Serving watches, ``<serving>/<model name>``.
        version: Number to push under, seconds since the epoch at the start of the run. It is never the same, so
            the node is never taken from the cache: it looks at what is served, and a cache cannot.
        plan_digest: Digest of all that the model was made from.
        key_id: Fingerprint of the key of the patients' pseudonyms.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: BaseChannel,
        blessing: BaseChannel,
        statistics: BaseChannel,
        examples: BaseChannel,
        manifest: BaseChannel,
        predictions: BaseChannel,
        model_folder: str,
        version: int,
        plan_digest: str,
        key_id: str,
        code_digest: str,
    ) -> None:
        super().__init__(
            spec=PusherSpec(
                model=model,
                blessing=blessing,
                statistics=statistics,
                examples=examples,
                manifest=manifest,
                predictions=predictions,
                model_folder=model_folder,
                version=version,
                plan_digest=plan_digest,
                key_id=key_id,
                code_digest=code_digest,
                pushed=Channel(type=standard_artifacts.PushedModel),
            )
        )
