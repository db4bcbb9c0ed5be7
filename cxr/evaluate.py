"""``cxr evaluate``: a pushed model on films that it never saw."""

from pathlib import Path
from typing import Final

import click

from cxr.interrupt import ends_on_interrupt
from cxr.main import DEBUG

EXIT_CODES: Final = {"evaluated": 0, "failed": 1}


@click.command("evaluate")
@click.option(
    "--model", required=True, type=click.Path(path_type=Path), help="A version's folder, or a model's: then its newest."
)
@click.option(
    "--config",
    required=True,
    type=click.Path(path_type=Path),
    help="YAML file of settings as for cxr run: where the films are, which findings are which class, which views pass.",
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting, over those of the file.")
@click.option(
    "--root", type=click.Path(path_type=Path), help="Folder of all that is left behind; runs/evaluate-<name of config>."
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    help="Folder manifest of the run that trained the model: finds cropped, framed, toned and mirrored copies too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--debug", is_flag=True, help="Show every library's log, and tracebacks.")
def command(
    model: Path,
    config: Path,
    overrides: tuple[str, ...],
    root: Path | None,
    manifest: Path | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Say what a pushed model is worth on films that it never saw, another hospital's for instance.

    The same metrics, audits and report as of a run; nothing is trained and nothing is pushed. Films that the model was
    trained or tuned on are looked for first, and the figures are given with and without them.

    \b
    Examples:
      cxr evaluate --model runs/sample/serving/cxr --config other.yaml
      cxr evaluate --model runs/mine/serving/cxr --config other.yaml --manifest runs/mine/manifest
      cxr evaluate --model serving/cxr/1700000000 --config other.yaml --set data.root=FOLDER --json

    Exit codes: 0 done, whatever the figures say; 1 failed; 2 wrong use.
    """
    click.get_current_context().meta[DEBUG] = debug
    from pipeline.evaluate import evaluate, settings_for
    from trainer.servable import ModelInfo, find_version

    version = find_version(model)
    settings = settings_for(ModelInfo.read(version), config, overrides)
    root = root or Path("runs", f"evaluate-{config.stem}")
    with ends_on_interrupt():
        result = evaluate(settings, version, root, manifest=manifest, debug=debug)
    if as_json:
        click.echo(result.model_dump_json(indent=2))
    else:
        from rich.console import Console

        from cxr.evaluation_screen import lines_of

        console = Console(highlight=False)
        for line in lines_of(result, root):
            console.print(line)
    click.get_current_context().exit(EXIT_CODES[result.status])
