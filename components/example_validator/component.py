"""ExampleValidator: TFX's, which asks each split what concerns that split, and lives with a split without films.

TFX's own validates every split alike, dies where a SQL validation asks for a feature that a split has not, and takes
the validations as a message, which TFX 1.16 cannot compile for Kubeflow.
"""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel, component_spec, standard_artifacts, standard_component_specs

from components.example_validator.executor import Executor


class ExampleValidatorSpec(component_spec.ComponentSpec):
    """TFX's inputs and output; the validations are TFX's parameter of the name, but text."""

    PARAMETERS = {
        standard_component_specs.CUSTOM_VALIDATION_CONFIG_KEY: component_spec.ExecutionParameter(type=str),
        "code_digest": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = standard_component_specs.ExampleValidatorSpec.INPUTS
    OUTPUTS = standard_component_specs.ExampleValidatorSpec.OUTPUTS


class ExampleValidator(base_component.BaseComponent):
    """Statistics to anomalies, ``Split-*/SchemaDiff.pb``.

    Args:
        statistics: Channel of the statistics of every split.
        schema: Channel of the schema; the names of the splits are its environments.
        custom_validation_config: Validations in SQL, ``CustomValidationConfig`` as a text proto; ``in_environment``
            names the splits that they are for.
        code_digest: Digest of the modules that the executor runs.
    """

    SPEC_CLASS = ExampleValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        statistics: BaseChannel,
        schema: BaseChannel,
        custom_validation_config: str,
        code_digest: str,
    ) -> None:
        super().__init__(
            spec=ExampleValidatorSpec(
                statistics=statistics,
                schema=schema,
                custom_validation_config=custom_validation_config,
                code_digest=code_digest,
                anomalies=Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
