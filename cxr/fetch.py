"""``cxr fetch``: brings a public collection."""

import json
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.fetch.bring import Fetched
    from pipeline.fetch.collections import Collection


@click.command("fetch")
@click.argument("name", required=False)
@click.option(
    "--to",
    "into",
    default="data",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder that gets the collection's folder; what data.root is set to then.",
)
@click.option("--from", "origin", metavar="URL|FILE|REPOSITORY", help="Another place to take it from.")
@click.option("--sha256", metavar="HEX", help="Of the archive that --from names.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, into: Path, origin: str | None, sha256: str | None, as_json: bool) -> None:
    """Bring a public collection of chest X-rays, or verify one that was brought before.

    Without NAME, lists the collections with their licences. A download that was interrupted goes on where it was; a
    collection that is there and intact is not fetched again, and of a damaged one only the damaged files are
    replaced. Checksums stand in TO/<folder>.sha256, for sha256sum -c too.

    \b
    Examples:
      cxr fetch
      cxr fetch ieee8023 --to films
      cxr fetch ieee8023 --to films --from https://github.com/ieee8023/covid-chestxray-dataset.git
      cxr fetch ieee8023 --to films --from covid-chestxray-dataset-master.zip

    Exit codes: 0 there and intact, 1 network, archive or checksum, 2 wrong use.
    """
    from pipeline.fetch.collections import COLLECTIONS, collection

    if name is None:
        _list(list(COLLECTIONS.values()), as_json)
        return
    wanted = collection(name)
    fetched = _bring(wanted, into, origin, sha256)
    if as_json:
        click.echo(_as_json(wanted, fetched))
    else:
        _print(wanted, fetched, into)


def _bring(wanted: "Collection", into: Path, origin: str | None, sha256: str | None) -> "Fetched":
    from cxr.progress import bars
    from pipeline.fetch.bring import bring
    from trainer.errors import RunError

    def announce(damaged: tuple[str, ...]) -> None:
        for file in damaged:
            click.echo(f"damaged: {file}", err=True)
        click.echo(_terms(wanted), err=True)

    try:
        with bars() as progress:
            return bring(wanted, into, origin=origin, sha256=sha256, announce=announce, progress=progress)
    except KeyboardInterrupt:
        raise RunError("stopped; what was downloaded is kept, and the same command goes on from there") from None


def _terms(wanted: "Collection") -> str:
    texts = (f"Licence: {wanted.licence} {wanted.licence_link}", f"Please cite: {wanted.citation}")
    return "\n".join((wanted.title, *(_wrapped(text, "  ") for text in texts)))


def _print(wanted: "Collection", fetched: "Fetched", into: Path) -> None:
    done = {
        "fetched": f"{fetched.files} files fetched from {fetched.origin}",
        "repaired": f"{len(fetched.damaged)} of {fetched.files} files replaced from {fetched.origin}",
        "intact": f"{fetched.files} files, all intact; nothing was fetched",
    }[fetched.state]
    for name in fetched.left_out:
        click.echo(f"left out: {name}", err=True)
    click.echo(f"{fetched.folder}: {done}")
    click.echo(f"  checksums  {fetched.sums}")
    click.echo(f"  settings   --set data.root={into}, and under data.sources:")
    click.echo(f"             - {wanted.source}")


def _as_json(wanted: "Collection", fetched: "Fetched") -> str:
    return json.dumps(
        {
            "collection": wanted.name,
            "state": fetched.state,
            "folder": str(fetched.folder),
            "checksums": str(fetched.sums),
            "files": fetched.files,
            "damaged": fetched.damaged,
            "left_out": fetched.left_out,
            "origin": fetched.origin or None,
            "commit": fetched.commit or None,
            "licence": wanted.licence,
            "source": wanted.source,
        },
        indent=2,
    )


def _list(collections: "list[Collection]", as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        click.echo(json.dumps([asdict(one) for one in collections], indent=2))
        return
    for one in collections:
        click.secho(one.name, bold=True)
        texts = [one.title, one.page, f"Licence: {one.licence} {one.licence_link}"]
        if one.archive is None:
            texts.append(f"To be fetched by hand: {one.by_hand}.")
        for text in (*texts, f"Under data.sources: - {one.source}"):
            click.echo(_wrapped(text, "  "))


def _wrapped(text: str, indent: str) -> str:
    width = max(40, min(shutil.get_terminal_size().columns, 120))  # a terminal may say that it has none
    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
