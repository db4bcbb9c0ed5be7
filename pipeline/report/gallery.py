"""Pictures of films for a report: the worst mistakes, heat maps, altered films, augmented ones."""

import base64
import io
from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from components.shortcut_audit.report import Explained, ShortcutFindings
from pipeline.report.data import Films, Picture
from pipeline.report.places import Places
from pipeline.report.words import changes
from trainer.features import TEST, TRAIN
from trainer.predictions import Predictions
from trainer.servable import ModelInfo
from trainer.settings import Augmentation

WORST: Final = 8
_SIDE: Final = 224  #: of a single film; larger ones would make the report heavy
_TILE: Final = 112
_AUGMENTED: Final = 5  #: films, and draws of each
_GAP: Final = 4


def films_of(
    places: Places, predictions: Predictions | None, shortcuts: ShortcutFindings | None, model: ModelInfo | None
) -> Films:
    """Draws every picture that the artifacts have; only where films may be shown."""
    folder = places.shortcuts
    explained = shortcuts.explained if shortcuts else ()
    return Films(
        shown=True,
        augmentation=_augmentation(places, model),
        mistakes=_mistakes(places, predictions, model),
        maps=_maps(folder, explained) if folder else {},
        variants=_variants(folder, shortcuts) if folder and shortcuts else {},
        occlusion=tuple(_of_explained(folder, one, one.occlusion_picture) for one in explained if one.occlusion_picture)
        if folder
        else (),
    )


def _augmentation(places: Places, model: ModelInfo | None) -> Picture | None:
    split = places.examples / f"Split-{TRAIN}" if places.examples else None
    if model is None or split is None or not split.is_dir():
        return None
    from pipeline.report.records import augmented  # brings TensorFlow

    settings = Augmentation.model_validate(model.settings["augmentation"])
    films = augmented(split, settings, model.image_size, _AUGMENTED, _AUGMENTED, model.seed)
    if not len(films):  # an evaluation trains on nothing
        return None
    caption = (
        f"{len(films)} training films. First column: as read. The others: {_AUGMENTED} draws of the random changes of "
        f"training. {changes(model.settings)}"
    )
    alt = f"A grid of {len(films)} training films, each as it is and in {_AUGMENTED} random variations"
    return Picture(_jpeg(_grid(films)), alt, caption)


def _grid(films: np.ndarray) -> Image.Image:
    rows, columns = films.shape[:2]
    pitch = _TILE + _GAP
    sheet = Image.new("L", (columns * pitch - _GAP, rows * pitch - _GAP), 0)
    for row in range(rows):
        for column in range(columns):
            tile = Image.fromarray(films[row, column]).resize((_TILE, _TILE), Image.Resampling.LANCZOS)
            sheet.paste(tile, (column * pitch, row * pitch))
    return sheet


def _mistakes(places: Places, predictions: Predictions | None, model: ModelInfo | None) -> tuple[Picture, ...]:
    """Films with the least probability of their true class among those that the model calls another one."""
    if predictions is None or model is None or places.examples is None:
        return ()
    truth = predictions.probabilities[np.arange(len(predictions)), predictions.label]
    wrong = np.flatnonzero(predictions.called != predictions.label)
    worst = sorted(wrong, key=lambda index: (truth[index], predictions.image_id[index]))[:WORST]
    if not worst:
        return ()
    from pipeline.report.records import films_with_ids

    ids = {predictions.image_id[index] for index in worst}
    pixels = films_with_ids(places.examples / f"Split-{TEST}", ids, model.image_size)
    return tuple(
        _mistake(pixels[predictions.image_id[index]], predictions, index)
        for index in worst
        if predictions.image_id[index] in pixels
    )


def _mistake(pixels: np.ndarray, predictions: Predictions, index: int) -> Picture:
    truth = predictions.classes[predictions.label[index]]
    called = predictions.classes[predictions.called[index]]
    film = Image.fromarray(pixels)
    film.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    told = f"{truth}, called {called}; score {predictions.score[index]:.3f}"
    facts = f"{predictions.view[index]}, {predictions.source[index]}, film {predictions.image_id[index]}"
    return Picture(_png(film), f"Test film of class {truth} that the model calls {called}", f"{told}. {facts}")


def _maps(folder: Path, explained: tuple[Explained, ...]) -> dict[tuple[str, str], tuple[Picture, ...]]:
    found: dict[tuple[str, str], list[Picture]] = defaultdict(list)
    for one in explained:
        if one.heat_picture:
            kind = "right" if one.called == one.label else "wrong"
            found[one.label, kind].append(_of_explained(folder, one, one.heat_picture))
    return {key: tuple(pictures) for key, pictures in sorted(found.items())}


def _of_explained(folder: Path, one: Explained, name: str) -> Picture:
    inside = "" if one.heat_inside is None else f", {one.heat_inside:.0%} of the heat in the lung field"
    caption = f"{one.label}, called {one.called}; score {one.score:.3f}{inside}. Film {one.image_id}"
    return Picture(_file(folder, name), f"Heat map over a film of class {one.label}, called {one.called}", caption)


def _variants(folder: Path, shortcuts: ShortcutFindings) -> dict[str, Picture]:
    return {
        variant.name: Picture(
            _file(folder, variant.picture),
            f"Test films, {variant.shows}",
            f"{variant.name.replace('_', ' ')}: {variant.shows}",
        )
        for variant in shortcuts.variants
        if variant.picture
    }


def _file(folder: Path, name: str) -> str:
    return _uri("png", (folder / Path(name).name).read_bytes())


def _png(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return _uri("png", stream.getvalue())


def _jpeg(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return _uri("jpeg", stream.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
