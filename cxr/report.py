"""``cxr report``: a run's report, written again."""

from pathlib import Path

import click


@click.command("report")
@click.option(
    "--run",
    "root",
    type=click.Path(path_type=Path),
    default=Path("runs", "sample"),
    show_default=True,
    help="Folder of a run, its --root.",
)
def command(root: Path) -> None:
    """Write the report and the model card of a run again, from what the run has left behind.

    Prints the path of the report. Every run writes them at its end; this is for after an update. Nothing is trained.

    \b
    Examples:
      cxr report
      cxr report --run runs/mine
    """
    from pipeline.report.write import write_report_again
    from pipeline.runtime import prepare_process

    prepare_process()
    click.echo(write_report_again(root.resolve()))
