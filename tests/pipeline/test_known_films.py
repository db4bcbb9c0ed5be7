"""Which films of an evaluation the model has seen, on drawn films and their hashes."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.manifest_gen.rows import ManifestRow
from components.pusher.training_films import HashedFilm
from pipeline.known_films import Known, find_known_films
from trainer.features import EVAL, IMAGE_ID_LENGTH, TEST, TRAIN
from trainer.film_hashes import TrainingFilms, film_hash

KEY_ID = "0" * 16
WITHOUT_MANIFEST = "cropped, framed, toned and mirrored copies are not checkable without --manifest"


def row_of(path: Path, split: str, patient: str) -> ManifestRow:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ManifestRow(
        path=str(path), sha256=digest, image_id=digest[:IMAGE_ID_LENGTH], label="covid", finding="COVID-19", view="PA",
        patient_id=patient, source="ward", split=split, age=None, sex=None, bytes=1, width=1, height=1, format="PNG",
        mode="L", group="", row=1, file=path.name,
    )  # fmt: skip


def hashed(row: ManifestRow) -> HashedFilm:
    image = np.asarray(Image.open(row.path).convert("L").resize((64, 64), Image.Resampling.BOX))
    return HashedFilm(row.image_id, row.patient_id, film_hash(row.image_id, image))


@pytest.fixture(scope="module")
def trained(films: Path) -> list[ManifestRow]:
    """Six films of six patients."""
    paths = sorted((films / "class-folders" / "covid").iterdir())
    patients = {path.name.split("_")[0]: path for path in paths}
    return [row_of(path, TRAIN if n else EVAL, f"patient {n}") for n, path in enumerate(list(patients.values())[:6])]


@pytest.fixture(scope="module")
def training(trained: list[ManifestRow]) -> TrainingFilms:
    return TrainingFilms.of((hashed(r).hash for r in trained), (r.patient_id for r in trained), KEY_ID)


@pytest.fixture
def others(films: Path) -> list[ManifestRow]:
    """Films of other patients."""
    paths = sorted((films / "class-folders" / "normal").iterdir())
    return [row_of(path, TEST, f"another {n}") for n, path in enumerate(paths[:4])]


def changed(row: ManifestRow, folder: Path, crop: float, quality: int | None) -> ManifestRow:
    """Another file of the film: cropped at the left, encoded anew."""
    film = Image.open(row.path).convert("L")
    film = film.crop((round(crop * film.width), 0, film.width, film.height))
    stream = io.BytesIO()
    film.save(stream, *(("JPEG",) if quality else ("PNG",)), **({"quality": quality} if quality else {}))
    path = folder / f"{row.image_id}-{crop}-{quality}"
    path.write_bytes(stream.getvalue())
    return row_of(path, TEST, f"somebody {path.name}")


def known(
    rows: Sequence[ManifestRow],
    training: TrainingFilms | None,
    *,
    key_id: str = "another",
    without_patients: Sequence[str] = (),
    trained: Sequence[ManifestRow] | None = None,
) -> Known:
    return find_known_films(
        rows,
        list(map(hashed, rows)),
        training,
        key_id=key_id,
        sources_without_patients=without_patients,
        trained=trained,
    )


def test_films_of_others_are_not_known(others: list[ManifestRow], training: TrainingFilms) -> None:
    found = known(others, training, key_id=KEY_ID)
    assert found.ways == {}
    assert found.not_checkable == (WITHOUT_MANIFEST,)
    summary = found.summary(others)
    assert (summary.films, summary.known, summary.share, summary.training_films) == (4, 0, 0.0, 6)


def test_each_film_counts_once_by_the_surest_way(
    others: list[ManifestRow], trained: list[ManifestRow], training: TrainingFilms, tmp_path: Path
) -> None:
    rows = [
        replace(trained[0], split=TEST),
        changed(trained[1], tmp_path, 0, None),
        changed(trained[2], tmp_path, 0, 60),
        replace(others[0], patient_id=trained[3].patient_id),
        *others[1:],
    ]
    found = known(rows, training, key_id=KEY_ID)
    assert [found.ways.get(row.image_id) for row in rows] == ["file", "pixels", "look", "patient", None, None, None]
    summary = found.summary(rows)
    assert (summary.known, summary.share) == (4, 4 / 7)
    assert summary.ways == {"file": 1, "pixels": 1, "look": 1, "patient": 1}
    found.write(rows, tmp_path / "known.csv")
    listed = list(csv.DictReader((tmp_path / "known.csv").read_text().splitlines()))
    assert [(row["file"], row["known_by"]) for row in listed] == [
        (row.file, way) for row, way in zip(rows, summary.ways, strict=False)
    ]


def test_a_cropped_film_is_known_where_the_manifest_is_at_hand(
    others: list[ManifestRow], trained: list[ManifestRow], training: TrainingFilms, tmp_path: Path
) -> None:
    rows = [changed(trained[1], tmp_path, 0.15, 70), *others]
    assert known(rows, training, key_id=KEY_ID).ways == {}
    found = known(rows, training, key_id=KEY_ID, trained=trained)
    assert found.ways == {rows[0].image_id: "copy"}
    assert found.not_checkable == ()


def test_test_films_of_the_training_run_are_no_training_films(
    trained: list[ManifestRow], tmp_path: Path, training: TrainingFilms
) -> None:
    rows = [changed(trained[1], tmp_path, 0.15, 70)]
    moved = [replace(row, split=TEST) if row is trained[1] else row for row in trained]
    assert known(rows, None, trained=moved).ways == {}


def test_training_films_that_cannot_be_read_any_more_are_counted(
    others: list[ManifestRow], trained: list[ManifestRow], training: TrainingFilms
) -> None:
    gone = [replace(trained[0], path="/nowhere/a.png"), replace(trained[1], path=trained[2].path), *trained[2:]]
    assert known(others, training, key_id=KEY_ID, trained=gone).not_checkable == (
        "copies of 2 of 6 training films are not checkable: the files are not at the manifest's paths any more, or are "
        "others",
    )


def test_the_manifest_of_another_run_is_told(
    others: list[ManifestRow], trained: list[ManifestRow], training: TrainingFilms
) -> None:
    (said,) = known(
        others, training, key_id=KEY_ID, trained=[*trained[1:], replace(others[0], split=TRAIN)]
    ).not_checkable
    assert said.startswith("--manifest lists 6 training films, the model has learned from 6, and 5 are the same")


def test_patients_of_another_key_are_not_checkable(
    others: list[ManifestRow], trained: list[ManifestRow], training: TrainingFilms
) -> None:
    rows = [replace(others[0], patient_id=trained[0].patient_id)]
    found = known(rows, training)
    assert found.ways == {}
    assert any(reason.startswith("patients are not checkable: their pseudonyms") for reason in found.not_checkable)


def test_patients_whom_the_source_does_not_name_are_not_checkable(
    others: list[ManifestRow], trained: list[ManifestRow], training: TrainingFilms
) -> None:
    rows = [replace(others[0], patient_id=trained[0].patient_id)]
    found = known(rows, training, key_id=KEY_ID, without_patients=["ward", "clinic"])
    assert found.ways == {}
    assert "patients of ward are not checkable: the source does not name them" in found.not_checkable


def test_a_model_that_keeps_no_hashes_is_told_and_its_manifest_still_helps(
    trained: list[ManifestRow], tmp_path: Path
) -> None:
    rows = [replace(trained[0], split=TEST), changed(trained[1], tmp_path, 0, 60)]
    nothing = known(rows, None)
    assert nothing.ways == {}
    assert nothing.not_checkable[0].endswith("not checkable: the model keeps no training_films.npz")
    assert nothing.summary(rows).training_films is None
    assert set(known(rows, None, trained=trained).ways.values()) == {"copy"}
