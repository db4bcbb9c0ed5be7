"""``cxr models``: pushed versions, and which of them TF Serving is to serve under which label."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cxr.serve import DEFAULT_MODELS
from trainer.errors import UsageError

if TYPE_CHECKING:
    from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

    from serving.server_status import Server
    from serving.versions import Version

Change = Callable[["ModelConfig", "Sequence[Version]"], str | None]

NONE: Final = "none"
NEWEST: Final = "latest"
_SERVER: Final = (
    "REST address of the server, to be asked what it has loaded. CXR_API_KEY and CXR_CA_CERT as for cxr predict."
)


def _where(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which model, which file and which server."""
    for option in (
        click.option("--server", metavar="URL", help=_SERVER),
        click.option("--model", "name", help="Name of the model, where there are several."),
        click.option(
            "--model-config",
            "config_file",
            type=click.Path(path_type=Path),
            help="TF Serving's model config file.  [default: models.config in the folder]",
        ),
        click.option(
            "--models",
            "folder",
            type=click.Path(path_type=Path),
            default=DEFAULT_MODELS,
            show_default=True,
            help="Folder of models, or one model's folder.",
        ),
    ):
        function = option(function)
    return function


@dataclass(frozen=True)
class _Place:
    folder: Path
    config_file: Path

    @classmethod
    def of(cls, folder: Path, config_file: Path | None) -> "_Place":
        from serving.model_config import FILE_NAME
        from serving.server.configuration import versions_in

        serving = folder.resolve().parent if versions_in(folder) else folder
        return cls(folder, config_file or serving / FILE_NAME)


@click.group("models", invoke_without_command=True)
@_where
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.pass_context
def command(
    ctx: click.Context, folder: Path, config_file: Path | None, name: str | None, server: str | None, as_json: bool
) -> None:
    """List pushed versions with their metrics, and say which of them TF Serving is configured to serve.

    Only --server says which of them answer. The verbs below edit TF Serving's model config file, which a running server
    reads again by itself. It is made where there is none.

    \b
    Examples:
      cxr models
      cxr models --server http://localhost:8501
      cxr models serve 1700000000 1700000600
      cxr models label canary 1700000600
      cxr models label canary none
      cxr models rollback
    """
    if ctx.invoked_subcommand:
        if as_json:
            raise UsageError(f"--json belongs to the list; leave it out before {ctx.invoked_subcommand}")
        given = {"folder": folder, "config_file": config_file, "name": name, "server": server}
        ctx.default_map = dict.fromkeys(command.commands, given)
        return
    from cxr.models_screen import as_object, lines_of, listing

    place = _Place.of(folder, config_file)
    found = listing(place.folder, place.config_file, name, _server(server))
    if as_json:
        import json

        click.echo(json.dumps(as_object(found), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    for line in lines_of(found):
        console.print(line)


@command.command("label")
@click.argument("label", metavar="stable|canary")
@click.argument("version", metavar="VERSION|none")
@_where
def label(label: str, version: str, **where: Any) -> None:
    """Put a label on a version, or take it away.

    The version is served from then on, beside what is served already: a server takes a label only on such a one.

    \b
    Examples:
      cxr models label stable 1700000000
      cxr models label canary none
    """
    from serving.version_policy import set_label, take_label

    def change(model: "ModelConfig", versions: "Sequence[Version]") -> None:
        if version == NONE:
            take_label(model, label)
        else:
            set_label(model, label, _number(version), versions)

    _edit(change, **where)


@command.command("serve")
@click.argument("versions", metavar="VERSION...|latest", nargs=-1, required=True)
@_where
def serve(versions: tuple[str, ...], **where: Any) -> None:
    """Serve these versions and no others, or the newest, whichever is pushed.

    \b
    Examples:
      cxr models serve 1700000000 1700000600
      cxr models serve latest
    """
    from serving.version_policy import serve_newest, serve_versions

    def change(model: "ModelConfig", there: "Sequence[Version]") -> None:
        if versions == (NEWEST,):
            serve_newest(model)
        else:
            serve_versions(model, [_number(version) for version in versions], there)

    _edit(change, **where)


@command.command("rollback")
@_where
def rollback(**where: Any) -> None:
    """Go back to the version before.

    Where a version is labelled stable, the label goes to the complete version before it, and the one that it leaves
    stays served so that no request is lost. Without that label the newest served version gives way to the one before.

    \b
    Examples:
      cxr models rollback
      cxr models rollback --models runs/mine/serving
    """
    from serving.version_policy import roll_back

    def change(model: "ModelConfig", versions: "Sequence[Version]") -> str:
        left, taken = roll_back(model, versions)
        return f"from version {left} back to {taken}"

    _edit(change, **where)


def _server(url: str | None) -> "Server | None":
    from serving.server_status import Server

    return Server(url, os.environ.get("CXR_API_KEY"), os.environ.get("CXR_CA_CERT")) if url else None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"version '{text}' is no number; cxr models lists the versions")
    return int(text)


def _edit(change: Change, folder: Path, config_file: Path | None, name: str | None, server: str | None) -> None:
    """Changes one model of the file, and writes it only if a server can follow it, and the one that is named will."""
    from cxr.models_screen import summary_of
    from serving.model_config import model_in, read_config, starter, write_config
    from serving.server_status import status_of
    from serving.version_policy import faults, server_faults
    from serving.versions import chosen_model, models_in, versions_of

    place = _Place.of(folder, config_file)
    name, model_folder = chosen_model(models_in(place.folder), name)
    versions = versions_of(model_folder)
    config = read_config(place.config_file) if place.config_file.exists() else starter(name)
    model = model_in(config, name)
    before = type(model)()
    before.CopyFrom(model)
    done = change(model, versions)
    if left := faults(model, versions):
        raise UsageError(f"{place.config_file} would not be followed: {'; '.join(left)}; nothing is written")
    if (asked := _server(server)) and (left := server_faults(before, model, versions, status_of(asked, name))):
        raise UsageError(f"{server} would not be well after it: {'; '.join(left)}; nothing is written")
    write_config(place.config_file, config)
    if done:
        click.echo(f"{name}: {done}")
    for line in summary_of(model, versions):
        click.echo(line)
    if not server:
        click.echo("no server was asked which versions are AVAILABLE; --server URL asks before anything is written")
    click.echo(f"written to {place.config_file}")
