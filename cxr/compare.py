"""``cxr compare``: several networks on the same films."""

from pathlib import Path
from typing import Final

import click

from cxr.interrupt import ends_on_interrupt
from cxr.main import DEBUG

EXIT_CODES: Final = {"compared": 0, "failed": 1}


@click.command("compare")
@click.option("--profile", help="Settings that come with the project; sample unless --config is given.")
@click.option("--config", type=click.Path(path_type=Path), help="YAML file of settings, over those of the profile.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting, over all others.")
@click.option(
    "--models",
    metavar="A,B",
    help="Networks to compare; those of the study unless given: cnn, vgg16, nasnet_large, inception_resnet_v2.",
)
@click.option(
    "--folds",
    type=click.IntRange(3, 20),
    help="Cross-validation by patient with so many folds; without it the split of cxr run.",
)
@click.option(
    "--root", type=click.Path(path_type=Path), help="Folder of all that is left behind; runs/compare-<profile>."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option("--debug", is_flag=True, help="Show every library's log, and tracebacks.")
def command(
    profile: str | None,
    config: Path | None,
    overrides: tuple[str, ...],
    models: str | None,
    folds: int | None,
    root: Path | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Train several networks on the same films, and set their figures side by side.

    The table of the 2020 study with 95 % intervals, its own figures beside them; layers, learning curves and
    classification report of every network; a paired test of each two. Nothing is pushed. Another setting of one network
    trains that one anew and no other.

    \b
    Examples:
      cxr compare
      cxr compare --models cnn,vgg16 --set compare.networks.cnn.epochs=5
      cxr compare --profile covid_chestxray --set data.root=FOLDER --models cnn --folds 5
      cxr compare --config my.yaml --root runs/mine-compared --json

    Exit codes: 0 done, whatever the figures say; 1 failed; 2 wrong use.
    """
    click.get_current_context().meta[DEBUG] = debug
    from pipeline.compare.networks import names_in, unreached
    from pipeline.compare.run import compare
    from pipeline.settings import load_settings

    names = names_in(models)
    if profile is None and config is None:
        profile = "sample"
    settings = load_settings(profile, config, overrides)
    root = root or Path("runs", f"compare-{profile or (config.stem if config else '')}")
    for note in unreached(settings, names, overrides):
        click.echo(f"cxr: note: {note}", err=True)
    with ends_on_interrupt():
        result = compare(settings, names, root, folds=folds or 0, debug=debug)
    if as_json:
        click.echo(result.model_dump_json(indent=2))
    else:
        from rich.console import Console

        from cxr.compare_screen import lines_of

        console = Console(highlight=False)
        for line in lines_of(result, root):
            console.print(line)
    click.get_current_context().exit(EXIT_CODES[result.status])
