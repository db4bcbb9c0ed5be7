"""``cxr data``: what a manifest holds, whether its films are still the same, and its films as folders."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxr.data_export import export
from cxr.saved_manifest import manifest_of, read_saved

if TYPE_CHECKING:
    from components.manifest_gen.manifest import Manifest
    from pipeline.data_folder import Comparison


@click.group("data")
def command() -> None:
    """Show what a manifest holds, check a folder of films against it, and export its films.

    \b
    Examples:
      cxr data show --root runs/sample --sheet films.png
      cxr data check FOLDER --manifest runs/sample/manifest
      cxr data export FOLDER --root runs/sample
    """


command.add_command(export)


@command.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--manifest",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder with manifest.csv and rejected.csv, or the former.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(folder: Path, manifest: Path, as_json: bool) -> None:
    """Compare a folder with the manifest that was made of it: every missing, changed and extra film.

    FOLDER holds the sources, as data.root did; it may have moved since. Every film of the manifest is read again. Of
    rejected films it is only known that they are there. A film is extra if it lies where the manifest knows films, or
    below; picture files in other folders are only counted.

    \b
    Examples:
      cxr data check runs/sample/films --manifest runs/sample/manifest
      cxr data check /mnt/copy --manifest saved/manifest.csv --json

    Exit codes: 0 intact, 1 something differs, 2 wrong use.
    """
    from cxr.progress import bars
    from pipeline.data_folder import compare

    saved = read_saved(manifest)
    with bars() as progress:
        found = compare(folder, saved.rows, saved.rejected, progress)
    if as_json:
        click.echo(json.dumps({"intact": found.intact, **asdict(found)}, indent=2))
    else:
        _print_comparison(found)
    click.get_current_context().exit(0 if found.intact else 1)


@command.command("show")
@click.option("--root", type=click.Path(path_type=Path), help="Folder of a run; its manifest is shown.")
@click.option("--manifest", type=click.Path(path_type=Path), help="Instead: folder with manifest.csv and rejected.csv.")
@click.option("--sheet", type=click.Path(path_type=Path), help="PNG file to draw films of each class and split into.")
@click.option("--films", default=6, show_default=True, type=click.IntRange(1, 40), help="Of each, on the sheet.")
@click.option("--seed", default=1, show_default=True, help="Which ones: the same seed, the same films.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(root: Path | None, manifest: Path | None, sheet: Path | None, films: int, seed: int, as_json: bool) -> None:
    """Print films and patients by class, view, source and split, and what was rejected.

    With --sheet, also draws a contact sheet. It names class, view, split and image id and no patient, but what is
    burnt into a film can be read on it: it is as sensitive as the films.

    \b
    Examples:
      cxr data show --root runs/sample
      cxr data show --root runs/sample --sheet films.png --films 10
      cxr data show --manifest saved --json
    """
    saved = manifest_of(root, manifest)
    if sheet is not None:
        _draw(saved, sheet, films, seed)
    if as_json:
        click.echo(_as_json(saved))
    else:
        _print(saved)
        if sheet is not None:
            click.echo(f"contact sheet  {sheet}")


def _draw(saved: "Manifest", sheet: Path, films: int, seed: int) -> None:
    from cxr.progress import bars
    from pipeline.contact_sheet import draw_sheet
    from trainer.errors import UsageError

    if sheet.suffix.lower() != ".png":
        raise UsageError(f"the sheet is called {sheet}; it is a PNG file, so end its name in .png")
    if not saved.rows:
        raise UsageError("the manifest holds no film, so there is nothing to draw; see what was rejected")
    with bars() as progress:
        picture = draw_sheet(saved.rows, films, seed, progress)
    try:
        picture.save(sheet, "PNG")
    except OSError as error:
        raise UsageError(f"{sheet} cannot be written ({error.strerror}); name another file with --sheet") from error


def _print_comparison(found: "Comparison") -> None:
    kinds = {"missing": found.missing, "changed": found.changed, "unreadable": found.unreadable, "extra": found.extra}
    for kind, names in kinds.items():
        for name in names:
            click.echo(f"{kind:<11}{name}")
    for folder, number in found.elsewhere.items():
        click.echo(
            f"{'elsewhere':<11}{folder}: {number} picture files, in a folder of which the manifest knows no film"
        )
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in kinds.items() if names)
    click.echo(f"{found.films} films in the manifest: {counts or 'all intact, none extra'}")


def _as_json(saved: "Manifest") -> str:
    from pipeline.manifest_counts import counts_of, rejections_of

    return json.dumps(
        {
            "films": len(saved.rows),
            "patients": len({row.patient_id for row in saved.rows}),
            "counts": [asdict(count) for count in counts_of(saved.rows)],
            "rejected": [
                {"source": source, "reason": reason, "rows": number}
                for source, reason, number in rejections_of(saved.rejected)
            ],
        },
        indent=2,
    )


def _print(saved: "Manifest") -> None:
    from rich.console import Console

    from cxr.data_tables import films_table, rejections_table
    from pipeline.manifest_counts import counts_of, rejections_of

    console = Console(highlight=False)
    console.print(films_table(counts_of(saved.rows), saved.rows))
    if saved.rejected:
        console.print(rejections_table(rejections_of(saved.rejected)))
