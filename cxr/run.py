"""``cxr run``: the pipeline on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cxr.beam_options import BeamCommand, beam_option
from cxr.interrupt import ends_on_interrupt
from cxr.main import DEBUG

if TYPE_CHECKING:
    from pipeline.result import RunResult

EXIT_CODES: Final = {"pushed": 0, "unchanged": 0, "failed": 1, "not_blessed": 3, "refused_data": 3}


@click.command("run", cls=BeamCommand)
@click.option("--profile", help="Settings that come with the project; sample unless --config is given.")
@click.option("--config", type=click.Path(path_type=Path), help="YAML file of settings, over those of the profile.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting, over all others.")
@click.option("--root", type=click.Path(path_type=Path), help="Folder of all that the run leaves behind.")
@beam_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--debug", is_flag=True, help="Show every library's log, and tracebacks.")
def command(
    profile: str | None,
    config: Path | None,
    overrides: tuple[str, ...],
    root: Path | None,
    beam: tuple[str, ...],
    as_json: bool,
    debug: bool,
) -> None:
    """Run the pipeline: films in, served model out.

    The same films, settings and code again: nothing runs and nothing is pushed.

    \b
    Examples:
      cxr run
      cxr run --profile sample --set trainer.epochs=5
      cxr run --profile covid_chestxray --set data.root=FOLDER --set trainer.backbone=cnn
      cxr run --config my.yaml --root runs/mine --json
      cxr run --beam.direct_running_mode multi_processing --beam.direct_num_workers 2

    Exit codes: 0 pushed or unchanged, 1 failed, 2 wrong use, 3 a gate said no.
    """
    click.get_current_context().meta[DEBUG] = debug
    from pipeline.local import run
    from pipeline.settings import load_settings

    if profile is None and config is None:
        profile = "sample"
    settings = load_settings(profile, config, overrides, beam)
    root = root or Path("runs", profile or (config.stem if config else ""))
    with ends_on_interrupt():
        result = run(settings, root, debug=debug)
    if as_json:
        click.echo(result.model_dump_json(indent=2))
    else:
        _print(result, root)
    click.get_current_context().exit(EXIT_CODES[result.status])


def _print(result: "RunResult", root: Path) -> None:
    from rich.console import Console

    from cxr.screens import tables_of

    console = Console(highlight=False)
    for table in tables_of(result, root):
        console.print(table)
