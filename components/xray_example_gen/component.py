"""XrayExampleGen: reads the films of the manifest once and writes them as records."""

from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts

from components.artifacts import Manifest, RejectedFilms
from components.xray_example_gen.executor import Executor


class XrayExampleGenSpec(component_spec.ComponentSpec):
    """Parameters, input and outputs of XrayExampleGen."""

    PARAMETERS = {
        "image_size": component_spec.ExecutionParameter(type=int),
        "classes": component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {"manifest": component_spec.ChannelParameter(type=Manifest)}
    OUTPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "rejected": component_spec.ChannelParameter(type=RejectedFilms),
    }


class XrayExampleGen(base_beam_component.BaseBeamComponent):
    """Manifest to records.

    Not a FileBasedExampleGen: that one needs a driver which open-source Kubeflow does not run, and its cache
    looks at the files' times instead of their bytes.

    Args:
        manifest: Channel of one Manifest.
        image_size: Side of a record's image in pixels.
        classes: Names of the classes as a JSON list; a record's label is an index into it.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = XrayExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, *, manifest: BaseChannel, image_size: int, classes: str, code_digest: str) -> None:
        super().__init__(
            spec=XrayExampleGenSpec(
                manifest=manifest,
                image_size=image_size,
                classes=classes,
                code_digest=code_digest,
                examples=Channel(type=standard_artifacts.Examples),
                rejected=Channel(type=RejectedFilms),
            )
        )
