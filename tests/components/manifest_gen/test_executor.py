"""ManifestGen's executor on drawn films."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.artifacts import Manifest
from components.files import MANIFEST_FILE, REJECTED_FILE
from components.manifest_gen import executor
from components.manifest_gen.executor import Executor
from components.manifest_gen.key import KEY_VARIABLE
from components.manifest_gen.manifest import read_manifest, read_rejected
from components.manifest_gen.read_batch import ReadContents
from trainer.errors import UsageError
from trainer.features import SPLITS, TEST, VIEWS


def test_the_manifest_holds_every_drawn_film_and_rejects_none(manifest: Any, films: Path) -> None:
    rows = read_manifest(Path(manifest.uri))
    drawn = [path for path in films.rglob("*") if path.suffix in (".png", ".jpg", ".jpeg")]
    assert sorted(row.path for row in rows) == sorted(str(path.resolve()) for path in drawn)
    assert not read_rejected(Path(manifest.uri))
    assert {row.split for row in rows} == set(SPLITS)
    assert {row.view for row in rows} == set(VIEWS[:2])


def test_another_key_changes_pseudonyms_and_nothing_else(
    run_executor: Any, manifest: Any, sample_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "another key for tests, long enough")
    properties = {"data_settings": json.dumps(sample_data), "split_settings": "{}"}
    made = run_executor(Executor, {}, {"manifest": Manifest}, properties)["manifest"][0]
    before, after = read_manifest(Path(manifest.uri)), read_manifest(Path(made.uri))
    assert all(old.patient_id != new.patient_id for old, new in zip(before, after, strict=True))
    assert [(row.path, row.split) for row in before] == [(row.path, row.split) for row in after]


def test_the_same_films_settings_and_key_give_the_same_bytes(
    run_executor: Any, manifest: Any, sample_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a key for tests, long enough")
    properties = {"data_settings": json.dumps(sample_data), "split_settings": "{}"}
    made = run_executor(Executor, {}, {"manifest": Manifest}, properties)["manifest"][0]
    assert Path(made.uri, MANIFEST_FILE).read_bytes() == Path(manifest.uri, MANIFEST_FILE).read_bytes()


def test_workers_leave_what_they_read_beside_the_manifest_and_nothing_of_it_stays(
    run_executor: Any, sample_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On other machines they share that folder with the component, and no other of those that TFX gives."""
    folders = []

    def read_contents(folder: str) -> ReadContents:
        folders.append(Path(folder))
        return ReadContents(folder)

    monkeypatch.setattr(executor, "ReadContents", read_contents)
    monkeypatch.setenv(KEY_VARIABLE, "a key for tests, long enough")
    properties = {"data_settings": json.dumps(sample_data), "split_settings": "{}"}
    made = run_executor(Executor, {}, {"manifest": Manifest}, properties)["manifest"][0]
    assert [folder.parent for folder in folders] == [Path(made.uri)]
    assert {file.name for file in Path(made.uri).iterdir()} == {MANIFEST_FILE, REJECTED_FILE}


def test_without_a_key_nothing_is_written(
    run_executor: Any, sample_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    properties = {"data_settings": json.dumps(sample_data), "split_settings": "{}"}
    with pytest.raises(UsageError, match="CXR_PATIENT_KEY is not set; set it to"):
        run_executor(Executor, {}, {"manifest": Manifest}, properties)


def test_films_that_are_not_split_are_all_there_to_test_on(
    run_executor: Any, manifest: Any, sample_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a key for tests, long enough")
    properties = {"data_settings": json.dumps(sample_data), "split_settings": ""}
    made = run_executor(Executor, {}, {"manifest": Manifest}, properties)["manifest"][0]
    rows = read_manifest(Path(made.uri))
    assert {row.split for row in rows} == {TEST}
    assert [replace(row, split="") for row in rows] == [
        replace(row, split="") for row in read_manifest(Path(manifest.uri))
    ]
