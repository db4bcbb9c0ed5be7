"""``cxr predict``: label, probability and threshold for films."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from serving.saved_model import Prediction, SavedModel


@click.command("predict")
@click.argument("films", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model", required=True, type=click.Path(path_type=Path), help="A version's folder, or a model's: then its newest."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(films: tuple[Path, ...], model: Path, as_json: bool) -> None:
    """Say what a pushed model sees in films (JPEG, PNG, GIF, BMP, DICOM).

    A film that cannot be decoded fails alone: it gets no label, and the exit code is 1.

    \b
    Examples:
      cxr predict film.png --model runs/sample/serving/cxr
      cxr predict films/*.jpg --model runs/sample/serving/cxr/1700000000 --json
    """
    from pipeline.runtime import prepare_process

    prepare_process()
    from serving.saved_model import SavedModel

    loaded = SavedModel(model)
    predictions = list(loaded.predict(films))
    if as_json:
        click.echo(_as_json(loaded, predictions))
    else:
        _print(loaded, predictions)
    if not all(prediction.valid for prediction in predictions):
        click.get_current_context().exit(1)


def _as_json(model: "SavedModel", predictions: "list[Prediction]") -> str:
    films = [
        {
            "film": str(prediction.path),
            "label": prediction.label if prediction.valid else None,
            "score": prediction.score if prediction.valid else None,
            "positive": prediction.positive if prediction.valid else None,
            "probabilities": prediction.probabilities if prediction.valid else None,
            "error": prediction.error or None,
        }
        for prediction in predictions
    ]
    head = {"version": model.version, "positive_class": model.info.positive, "threshold": model.threshold}
    return json.dumps({**head, "notes": list(model.info.notes), "films": films}, indent=2)


def _print(model: "SavedModel", predictions: "list[Prediction]") -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    positive = model.info.positive
    table = Table("film", "label", "score", f"{positive} from {model.threshold:.3f}", box=SIMPLE)
    for prediction in predictions:
        film = Text(prediction.path.name, overflow="fold")
        if prediction.valid:
            table.add_row(film, prediction.label, f"{prediction.score:.3f}", "yes" if prediction.positive else "no")
        else:
            table.add_row(film, Text(prediction.error, style="red"), "", "")
    console = Console(highlight=False)
    console.print(table)
    console.print(Text(f"Model version {model.version}; score is the probability of {positive}. Not a diagnosis."))
    for note in model.info.notes:
        console.print(Text(f"Note: {note}", style="yellow"))
