"""The hashes of a model's films, from the records of drawn films."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from components.manifest_gen.manifest import read_manifest
from components.pusher.training_films import hashed_films, training_films
from trainer.features import EVAL, TEST, TRAIN
from trainer.film_hashes import find_known, patient_hash


def test_every_film_of_train_and_eval_is_kept_and_none_of_test(ingested: SimpleNamespace, manifest: Any) -> None:
    splits = [Path(ingested.examples.uri, f"Split-{split}") for split in (TRAIN, EVAL)]
    kept = training_films(splits, "k" * 16)
    rows = read_manifest(Path(manifest.uri))
    learned = [row for row in rows if row.split in (TRAIN, EVAL)]
    assert kept.image_ids == {row.image_id for row in learned}
    assert {row.tobytes() for row in kept.patients} == {patient_hash(row.patient_id) for row in learned}
    tested = {row.patient_id for row in rows if row.split == TEST}
    assert tested
    assert not kept.known_patients(tested)


def test_a_film_is_hashed_as_its_record_is(ingested: SimpleNamespace, manifest: Any) -> None:
    rows = {row.image_id: row for row in read_manifest(Path(manifest.uri)) if row.split == TEST}
    films = list(hashed_films(Path(ingested.examples.uri, f"Split-{TEST}")))
    assert {film.image_id for film in films} == set(rows)
    assert all(film.patient_id == rows[film.image_id].patient_id for film in films)
    kept = training_films([Path(ingested.examples.uri, f"Split-{TEST}")], "k")
    (first,) = find_known(kept.films[:1], kept.films)
    assert first is not None
    assert first.kind == "file"


def test_a_split_without_films_has_no_hashes(tmp_path: Path) -> None:
    (tmp_path / "data_tfrecord-00000-of-00001").touch()
    assert list(hashed_films(tmp_path)) == []
