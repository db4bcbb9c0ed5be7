"""Which of the films that a model is evaluated on are none that it never saw."""

import csv
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.rows import ManifestRow
from components.pusher.training_films import HashedFilm
from pipeline.evaluation_result import KnownFilms
from pipeline.known_copies import known_copies
from trainer.features import EVAL, TRAIN
from trainer.film_hashes import BYTES, TRAINING_FILMS, TrainingFilms, find_known

#: How a film is known, the surest way first -> in words.
WAYS: Final[Mapping[str, str]] = {
    "file": "the same file",
    "pixels": "the same pixels",
    "look": "encoded anew or scaled",
    "copy": "a copy: cropped, framed, toned or mirrored",
    "patient": "another film of a patient",
}


@dataclass(frozen=True)
class Known:
    """What was found.

    Attributes:
        ways: Image id -> the surest way in which the film is known, one of `WAYS`.
        not_checkable: What could not be looked for, a sentence each.
        training_films: How many films the model has learned from or was tuned on; None where it does not say.
    """

    ways: Mapping[str, str]
    not_checkable: tuple[str, ...]
    training_films: int | None

    def summary(self, rows: Sequence[ManifestRow]) -> KnownFilms:
        """The films of a manifest that are known, counted."""
        found = Counter(self.ways[row.image_id] for row in rows if row.image_id in self.ways)
        return KnownFilms(
            films=len(rows),
            known=found.total(),
            share=found.total() / len(rows) if rows else 0.0,
            ways={way: found[way] for way in WAYS if found[way]},
            training_films=self.training_films,
            not_checkable=self.not_checkable,
        )

    def write(self, rows: Sequence[ManifestRow], file: Path) -> None:
        """Writes a CSV file with a row per known film: source, file and row, image id, way, and the way in words."""
        with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("source", "row", "file", "image_id", "known_by", "in_words"))
            for row in rows:
                if way := self.ways.get(row.image_id):
                    writer.writerow((row.source, row.row, row.file, row.image_id, way, WAYS[way]))


def find_known_films(
    rows: Sequence[ManifestRow],
    films: Sequence[HashedFilm],
    training: TrainingFilms | None,
    *,
    key_id: str,
    sources_without_patients: Collection[str] = (),
    trained: Sequence[ManifestRow] | None = None,
) -> Known:
    """Looks for films that a model has learned from or was tuned on.

    Args:
        rows: The films that it is evaluated on.
        films: Their records.
        training: What the model keeps of its films; None where it keeps nothing.
        key_id: Fingerprint of the key of the pseudonyms in ``rows``.
        sources_without_patients: Names of the sources that do not say which films are of one patient.
        trained: The manifest of the run that trained the model; None where it is not at hand.
    """
    ways: dict[str, str] = {}
    reasons = []
    if training is None:
        reasons.append(
            f"files, pixels, encodings anew and patients are not checkable: the model keeps no {TRAINING_FILMS}"
        )
    else:
        hashes = np.frombuffer(b"".join(film.hash for film in films), np.uint8).reshape(-1, BYTES)
        for film, match in zip(films, find_known(hashes, training.films), strict=True):
            if match is not None:
                ways[film.image_id] = match.kind
    if trained is not None:
        found, unread = _copies(rows, trained)
        ways |= {image_id: "copy" for image_id in found if image_id not in ways}
        reasons += unread
        reasons += _another_manifest(training, trained)
    else:
        reasons.append("cropped, framed, toned and mirrored copies are not checkable without --manifest")
    if training is not None and training.key_id == key_id:
        named = [row for row in rows if row.source not in sources_without_patients]
        seen = training.known_patients(row.patient_id for row in named)
        ways |= {r.image_id: "patient" for r in named if r.patient_id in seen and r.image_id not in ways}
        if unnamed := sorted({row.source for row in rows} & set(sources_without_patients)):
            reasons.append(f"patients of {', '.join(unnamed)} are not checkable: the source does not name them")
    elif training is not None:
        reasons.append(
            "patients are not checkable: their pseudonyms are made with another key than those of the training; "
            f"set {KEY_VARIABLE} to its key"
        )
    return Known(ways, tuple(reasons), len(training.films) if training is not None else None)


def _copies(rows: Sequence[ManifestRow], trained: Sequence[ManifestRow]) -> tuple[set[str], list[str]]:
    learned = [row for row in trained if row.split in (TRAIN, EVAL)]
    found, unread = known_copies(rows, learned)
    if not unread:
        return found, []
    return found, [
        f"copies of {unread} of {len(learned)} training films are not checkable: the files are not at the manifest's "
        "paths any more, or are others"
    ]


def _another_manifest(training: TrainingFilms | None, trained: Sequence[ManifestRow]) -> list[str]:
    """What to say of a manifest that is not that of the model."""
    if training is None:
        return []
    listed = {row.image_id for row in trained if row.split in (TRAIN, EVAL)}
    kept = training.image_ids
    if listed == kept:
        return []
    return [
        f"--manifest lists {len(listed)} training films, the model has learned from {len(kept)}, and "
        f"{len(listed & kept)} are the same: copies of the others are not checkable; give the manifest of the run that "
        "trained it"
    ]
