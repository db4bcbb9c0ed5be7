"""``cxr data export``: the films of a manifest as folders of splits and classes."""

import json
from pathlib import Path

import click

from cxr.saved_manifest import manifest_of


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--root", type=click.Path(path_type=Path), help="Folder of a run; the films of its manifest are copied.")
@click.option("--manifest", type=click.Path(path_type=Path), help="Instead: folder with manifest.csv and rejected.csv.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def export(folder: Path, root: Path | None, manifest: Path | None, as_json: bool) -> None:
    """Copy the films into train, validation and test, in each a folder for every class.

    FOLDER is new or empty. Films are copied as they are, called by their image id; those that balancing left out
    stay out. No name of a file and no patient goes with them, but what is burnt into a film and what a DICOM header
    says does: the folders are as sensitive as the films' sources.

    \b
    Examples:
      cxr data export films-by-class --root runs/study2020
      cxr data export films-by-class --manifest saved --json

    Exit codes: 0 done, 1 a film is gone or has changed, 2 wrong use.
    """
    from cxr.progress import bars
    from pipeline.data_export import export_films

    saved = manifest_of(root, manifest)
    with bars() as progress:
        counts = export_films(saved.rows, folder, progress)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "films": counts}, indent=2))
        return
    from rich.console import Console

    from cxr.data_tables import export_table

    console = Console(highlight=False)
    console.print(export_table(counts))
    console.print(f"exported to {folder}: as sensitive as the sources of the films", soft_wrap=True, markup=False)
