"""Compiles the pipeline into the file that Kubeflow Pipelines v2 runs."""

from pathlib import Path

from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig
from tfx.orchestration.pipeline import Pipeline

from trainer.errors import UsageError


def compile_pipeline(pipeline: Pipeline, output: Path, image: str) -> None:
    """Writes a pipeline specification of schema 2.1.0.

    Args:
        pipeline: From ``pipeline.definition.create_pipeline``.
        output: File to write; its name ends in ``.yaml``, as the Kubeflow client wants it.
        image: Container image that holds this project.

    Raises:
        UsageError: The file's name has another ending.
    """
    if output.suffix not in (".yaml", ".yml"):
        raise UsageError(f"output {output} does not end in .yaml; the Kubeflow client takes no other file")
    config = KubeflowV2DagRunnerConfig(
        default_image=image,
        use_pipeline_spec_2_1=True,  # TFX's own default, 2.0, is refused by every open-source backend
    )
    KubeflowV2DagRunner(config=config, output_dir=str(output.parent), output_filename=output.name).run(
        pipeline, write_out=True
    )
