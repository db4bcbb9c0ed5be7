"""``cxr predict``: label, probability and threshold for films."""

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cxr.predict_screen import CsvRows
    from cxr_client import HeatMap
    from serving.prediction import Answers, Prediction
    from serving.remote_model import RemoteModel
    from serving.saved_model import SavedModel

_PICTURES = (".png", ".jpg", ".jpeg")


@click.command("predict")
@click.argument("films", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), help="A version's folder, or a model's: then its newest.")
@click.option("--server", metavar="URL", help="A server in its place: grpc://host:8500, grpcs://, http:// or https://.")
@click.option("--model-name", help="The model's name on the server.  [default: cxr]")
@click.option("--label", help="Of the version on the server, such as stable or canary.")
@click.option("--version", type=int, help="Of the model on the server; without it the newest.")
@click.option("--api-key", envvar="CXR_API_KEY", show_envvar=True, help="Sent to the server as header x-api-key.")
@click.option(
    "--ca-cert",
    envvar="CXR_CA_CERT",
    show_envvar=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="PEM file of the authority that the server's certificate is from.",
)
@click.option(
    "--explain",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Draw where the model looked: a picture's name for one film, a folder for many.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
def command(
    films: tuple[Path, ...],
    model: Path | None,
    server: str | None,
    model_name: str | None,
    label: str | None,
    version: int | None,
    api_key: str | None,
    ca_cert: Path | None,
    explain: Path | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Say what a pushed model sees in films (JPEG, PNG, GIF, BMP, DICOM).

    The model lies in a folder or behind a server: give --model or --server. A film that cannot be read or decoded fails
    alone: it gets no label, and the exit code is 1. So do those that a server that goes away, or Ctrl-C, leaves without
    an answer.

    \b
    Examples:
      cxr predict film.png --model runs/sample/serving/cxr
      cxr predict film.png --model runs/sample/serving/cxr --explain heat.png
      cxr predict films/*.jpg --model runs/sample/serving/cxr/1700000000 --json
      cxr predict films/*.jpg --server grpc://localhost:8500 --csv > films.csv
      cxr predict film.dcm --server https://cxr.example.org --label canary
    """
    from cxr import predict_screen
    from trainer.errors import RunError, UsageError

    if as_json and as_csv:
        raise UsageError("--json and --csv are given; give one of the two")
    if (model is None) == (server is None):
        raise UsageError("give one of --model FOLDER and --server URL")
    pictures = _pictures(films, explain) if explain else []
    _check_readable(films)
    options = {"model": model_name, "label": label, "version": version}
    given = {name: value for name, value in options.items() if value is not None}
    if model is not None:
        if given:
            names = ", ".join("--model-name" if name == "model" else f"--{name}" for name in given)
            raise UsageError(f"{names} is for --server; with --model give the version's folder")
        asked: SavedModel | RemoteModel = _saved(model)
    else:
        asked = _remote(str(server), api_key, ca_cert, given)
    rows = predict_screen.CsvRows(sys.stdout) if as_csv else None
    answers, end = _ask(asked, films, pictures, rows)
    if as_json:
        click.echo(predict_screen.as_json(answers))
    elif rows is None:
        predict_screen.print_table(answers)
    if end:
        raise RunError(end)
    if not all(prediction.valid for prediction in answers.predictions):
        click.get_current_context().exit(1)


def _saved(folder: Path) -> "SavedModel":
    from pipeline.runtime import prepare_process

    prepare_process()
    from serving.saved_model import SavedModel

    return SavedModel(folder)


def _remote(url: str, api_key: str | None, ca_cert: Path | None, options: Mapping[str, object]) -> "RemoteModel":
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C++ would log on stderr what the error says
    from cxr_client import CxrClient, Tls
    from serving.remote_model import RemoteModel

    remote = RemoteModel(lambda: CxrClient(url, api_key=api_key, tls=Tls(ca_cert), **options))  # type: ignore[arg-type]
    click.get_current_context().call_on_close(remote.close)
    return remote


def _ask(
    model: "SavedModel | RemoteModel", films: Sequence[Path], pictures: Sequence[Path], rows: "CsvRows | None"
) -> tuple["Answers", str]:
    """Asks film by film, writes rows and draws heat maps as they come: these are too large to be kept.

    Returns:
        The answers, and why they end before the films do; empty where they do not.

    Raises:
        RunError: The model does not answer at all.
    """
    from cxr.progress import bars
    from serving.prediction import unanswered
    from trainer.errors import RunError

    predictions: list[Prediction] = []

    def add(prediction: "Prediction") -> None:
        predictions.append(replace(prediction, heatmap=None))
        if rows is not None:
            rows.add(predictions[-1])

    end = ""
    # Rows on a screen show how far it is, and a bar would be drawn over them.
    shown = bars() if rows is None or not sys.stdout.isatty() else nullcontext(lambda work, done, total: None)
    try:
        with shown as progress:
            for index, prediction in enumerate(model.predict(films, explain=bool(pictures))):
                if prediction.heatmap is not None:
                    _draw(prediction.heatmap, pictures[index])
                add(prediction)
                progress("asking", index + 1, len(films))
    except (RunError, KeyboardInterrupt) as error:
        answered = sum(found.valid for found in predictions)
        if not answered:
            raise
        end = f"{answered} of {len(films)} films were answered, then: {str(error) or 'stopped by Ctrl-C'}"
    for film in films[len(predictions) :]:
        add(unanswered(film))
    if rows is not None:
        rows.end()
    return model.answers(predictions), end


def _draw(heatmap: "HeatMap", picture: Path) -> None:
    from trainer.errors import UsageError

    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        heatmap.save(picture)
    except OSError as error:
        raise UsageError(f"--explain '{picture}' cannot be written ({error.strerror}); give another name") from error


def _check_readable(films: Sequence[Path]) -> None:
    """Ends where no film at all can be read, before a model is loaded. One among others fails alone, later.

    Raises:
        UsageError: Of the first.
    """
    from trainer.errors import UsageError

    faults = []
    for film in films:
        if (fault := _fault(film)) is None:
            return
        faults.append(fault)
    raise UsageError(f"film '{films[0]}' cannot be read ({faults[0]}); give an image file")


def _fault(film: Path) -> str | None:
    try:
        if not stat.S_ISREG(film.stat().st_mode):  # to open a pipe could last for ever
            return "not a regular file"
        film.open("rb").close()
    except OSError as error:
        return error.strerror
    return None


def _pictures(films: Sequence[Path], out: Path) -> list[Path]:
    """Where the heat map of each film goes.

    Raises:
        UsageError: A name that no picture can have, or a file where a folder must be, or the name of a film.
    """
    from trainer.errors import UsageError

    if len(films) == 1 and not out.is_dir():
        if out.suffix.lower() not in _PICTURES:
            raise UsageError(f"--explain '{out}' is no folder and ends in none of {', '.join(_PICTURES)}; give OUT.png")
        if out.exists() and films[0].exists() and out.samefile(films[0]):
            raise UsageError(f"--explain '{out}' would overwrite the film; give another name")
        return [out]
    if out.exists() and not out.is_dir():
        raise UsageError(f"--explain '{out}' is a file, but there are {len(films)} films; give a folder")
    names: dict[str, int] = {}
    pictures = []
    for film in films:
        count = names[film.stem] = names.get(film.stem, 0) + 1
        pictures.append(out / f"{film.stem}{f'-{count}' if count > 1 else ''}.heatmap.png")
    return pictures
