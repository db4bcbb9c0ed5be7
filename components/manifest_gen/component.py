"""ManifestGen: reads every source and writes one row per film, with class, view, patient and split."""

from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import Channel, component_spec

from components.artifacts import Manifest
from components.manifest_gen.executor import Executor


class ManifestGenSpec(component_spec.ComponentSpec):
    """Parameters and output of ManifestGen."""

    PARAMETERS = {
        "data_settings": component_spec.ExecutionParameter(type=str),
        "split_settings": component_spec.ExecutionParameter(type=str),
        "data_digest": component_spec.ExecutionParameter(type=str),
        "key_id": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: dict[str, component_spec.ChannelParameter] = {}
    OUTPUTS = {"manifest": component_spec.ChannelParameter(type=Manifest)}


class ManifestGen(base_beam_component.BaseBeamComponent):
    """Sources to manifest.

    Args:
        data_settings: ``DataSettings`` as JSON, its root an absolute path.
        split_settings: ``SplitSettings`` or ``FoldSettings`` as JSON; empty where all films are there to test on.
        data_digest: Digest of the films and metadata; a changed film makes the node run again.
        key_id: Fingerprint of the key of the patients' pseudonyms (the key itself is a secret and stays in
            the environment).
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = ManifestGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self, *, data_settings: str, split_settings: str, data_digest: str, key_id: str, code_digest: str
    ) -> None:
        super().__init__(
            spec=ManifestGenSpec(
                data_settings=data_settings,
                split_settings=split_settings,
                data_digest=data_digest,
                key_id=key_id,
                code_digest=code_digest,
                manifest=Channel(type=Manifest),
            )
        )
