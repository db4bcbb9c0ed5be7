"""``cxr drift``: whether films in use are like those of the training."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxr.main import DEBUG
from trainer.samples import OF_ANSWER, OF_FILM

if TYPE_CHECKING:
    from datetime import datetime

_DRIFTED = 3


@click.command("drift")
@click.option(
    "--model", required=True, type=click.Path(path_type=Path), help="A version's folder, or a model's: then its newest."
)
@click.option(
    "--samples",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder that cxr serve --sample-to has written to.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H"]),
    help="Leave out films that came before this day or hour, UTC.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    type=click.Choice([*OF_FILM, *OF_ANSWER]),
    help="A feature that may differ: it is shown and not counted. Can be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--debug", is_flag=True, help="Show every library's log, and tracebacks.")
def command(
    model: Path, samples: Path, since: "datetime | None", allowed: tuple[str, ...], as_json: bool, debug: bool
) -> None:
    """Say whether films in use, and what the model says of them, are like those of its training.

    Films in use are what cxr serve has kept of them: a few coarse numbers, no pixel and no name.

    \b
    Examples:
      cxr drift --model runs/sample/serving/cxr --samples samples
      cxr drift --model runs/sample/serving/cxr --samples samples --since 2026-11-01 --allow label --allow score

    Exit codes: 0 nothing is over its bound, 1 failed or too few films, 2 wrong use, 3 something has drifted.
    """
    click.get_current_context().meta[DEBUG] = debug
    from pipeline.drift_samples import read_samples
    from trainer.servable import find_version

    version = find_version(model)
    asked = since.strftime("%Y-%m-%dT%H") if since else ""
    found = read_samples(samples, version.resolve().parent.name, version.resolve().name, asked)

    from pipeline.runtime import prepare_process

    prepare_process(debug=debug)
    from pipeline.drift import drift_of

    drift = drift_of(version, found, allowed)
    if as_json:
        click.echo(drift.model_dump_json(indent=2))
    else:
        from rich.console import Console

        from cxr.drift_screen import lines_of

        console = Console(highlight=False)
        for line in lines_of(drift):
            console.print(line)
    click.get_current_context().exit(_DRIFTED if drift.drifted else 0)
