"""``cxr compile``: the pipeline for Kubeflow."""

from pathlib import Path

import click

from cxr.beam_options import BeamCommand, beam_option
from cxr.main import DEBUG


@click.command("compile", cls=BeamCommand)
@click.option("--profile", help="Settings that come with the project; sample unless --config is given.")
@click.option("--config", type=click.Path(path_type=Path), help="YAML file of settings, over those of the profile.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting, over all others.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("pipeline.yaml"),
    show_default=True,
    help="File to write; it ends in .yaml.",
)
@click.option("--image", default="", help="Image that holds this project, with a tag; over kubeflow.image.")
@beam_option
@click.option("--debug", is_flag=True, help="Show every library's log, and tracebacks.")
def command(
    profile: str | None,
    config: Path | None,
    overrides: tuple[str, ...],
    output: Path,
    image: str,
    beam: tuple[str, ...],
    debug: bool,
) -> None:
    """Compile the pipeline for Kubeflow Pipelines 2.3 to 2.17.

    The same pipeline as cxr run, with the report as its last component. Settings that a backend would refuse are
    refused here, with the name of the rule.

    \b
    Examples:
      cxr compile --set data.root=/films --image registry.example/cxr:0.1.0
      cxr compile --config my.yaml --output my.yaml --image registry.example/cxr:0.1.0
      cxr compile --set data.root=/films --set kubeflow.resources='{Trainer: {gpus: 1, memory: 16}}' \\
        --image registry.example/cxr:0.1.0

    Exit codes: 0 written, 1 failed, 2 wrong use.
    """
    click.get_current_context().meta[DEBUG] = debug
    from pipeline.runtime import prepare_process
    from pipeline.settings import load_settings

    settings = load_settings(profile or (None if config else "sample"), config, overrides, beam)
    prepare_process(debug=debug)
    from kubeflow.compiler import compile_pipeline

    compile_pipeline(settings, output, image)
    click.echo(output)
