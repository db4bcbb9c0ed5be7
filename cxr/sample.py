"""``cxr sample``: draws a data set."""

from pathlib import Path

import click


@click.command("sample")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--patients", default=100, show_default=True, type=click.IntRange(4, 100_000), help="Per class.")
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Same seed, same bytes.")
def command(folder: Path, patients: int, seed: int) -> None:
    """Draw films that look like chest X-rays, with patients, views and metadata.

    FOLDER gets ieee8023's layout and class folders with a NIH-style CSV, both with covid and healthy films.

    \b
    Examples:
      cxr sample films
      cxr sample films --patients 20 --seed 3
    """
    from rich.console import Console
    from rich.progress import Progress

    from pipeline.sample.data_set import draw_data_set

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("drawing films", total=None)
        draw_data_set(
            folder,
            patients=patients,
            seed=seed,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    click.echo(folder)
