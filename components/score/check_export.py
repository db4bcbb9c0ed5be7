"""Tries on a servable what a server relies on: films score as their records do, always alike, and nothing is drawn."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import tensorflow as tf

from components.manifest_gen.rows import ManifestRow
from components.score.export_check import ExportCheck
from components.score.films import Films
from components.score.servable import Servable
from trainer.dicom import DicomFault, decodable
from trainer.features import TEST
from trainer.predictions import Predictions

TRIED: Final = 16  #: films at most
OTHER_BATCH: Final = 5  #: a size that the batches of the first run did not have


def check_export(model: Servable, films: Films, predictions: Predictions, rows: Sequence[ManifestRow]) -> ExportCheck:
    """Compares files with records, and a second run with the first.

    Args:
        model: Is asked through the signatures that a server answers.
        films: All films of the split.
        predictions: On the films as they are.
        rows: The manifest, for the films' files.
    """
    place = {image_id: film for film, image_id in enumerate(films.image_id)}
    contents: dict[str, bytes] = {}
    failed: dict[str, Exception] = {}
    for row in choose_rows([row for row in rows if row.split == TEST and row.image_id in place], TRIED):
        try:
            contents[row.image_id] = _content(row)
        except (OSError, ValueError, DicomFault) as error:
            failed[row.image_id] = error
    served = _served(model, contents, failed)
    differences = [_furthest(said, predictions.probabilities[place[film]]) for film, said in served.items()]
    faults = [f"film {film} could not be served from its file: {_said(error)}" for film, error in failed.items()]
    again = np.unique(np.linspace(0, len(films) - 1, min(TRIED, len(films))).round().astype(int))
    asked = model.ask([films.records[film] for film in again], OTHER_BATCH)[0]
    return ExportCheck(
        parity=float(np.max(differences)) if differences else None,
        parity_films=len(differences),
        repeat=_furthest(asked, predictions.probabilities[again]) if len(again) else None,
        random_ops=model.random_ops(),
        faults=tuple(faults) if len(films) else ("the test split has no film",),
    )


def choose_rows(rows: Sequence[ManifestRow], count: int) -> list[ManifestRow]:
    """At most ``count`` films by turns from every source, format and kind of pixels, in the order of their ids."""
    groups: dict[tuple[str, str, str], list[ManifestRow]] = {}
    for row in sorted(rows, key=lambda row: row.image_id):
        groups.setdefault((row.source, row.format, row.mode), []).append(row)
    turns = [(turn, group, row) for group, key in enumerate(sorted(groups)) for turn, row in enumerate(groups[key])]
    return [row for _, _, row in sorted(turns, key=lambda found: found[:2])[:count]]


def _served(model: Servable, contents: Mapping[str, bytes], failed: dict[str, Exception]) -> dict[str, np.ndarray]:
    """What the model says of files by image id, all at once; where that fails, one by one to know which ``failed``."""
    try:
        return dict(zip(contents, model.ask_files([*contents.values()]), strict=True))
    except (ValueError, tf.errors.OpError):
        said = {}
    for film, content in contents.items():
        try:
            said[film] = model.ask_files([content])[0]
        except (ValueError, tf.errors.OpError) as error:
            failed[film] = error
    return said


def _content(row: ManifestRow) -> bytes:
    """The film's file as the model can decode it.

    Raises:
        ValueError: It is not the file that the record was made of.
    """
    data = Path(row.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise ValueError("the file has changed since its record was made")
    return decodable(data)


def _furthest(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def _said(error: Exception) -> str:
    if isinstance(error, DicomFault):
        return error.detail
    if isinstance(error, OSError):
        return error.strerror or "not readable"
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
