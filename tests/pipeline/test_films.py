"""Where films and keys come from."""

import stat
from pathlib import Path

import pytest

from components.manifest_gen.key import KEY_VARIABLE
from pipeline.films import SAMPLE_KEY, key_id, patient_key, provide_films
from pipeline.settings import RunSettings, load_settings
from trainer.errors import UsageError


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def sample(*overrides: str) -> RunSettings:
    return load_settings("sample", None, ["sample.patients=4", *overrides])


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_films_are_drawn_once_and_again_when_the_settings_change(tmp_path: Path) -> None:
    data = provide_films(sample(), tmp_path)
    assert data.root == str(tmp_path / "films")
    before = bytes_below(tmp_path / "films")
    inode = (tmp_path / "films").stat().st_ino
    provide_films(sample(), tmp_path)
    assert (tmp_path / "films").stat().st_ino == inode
    provide_films(sample("sample.seed=8"), tmp_path)
    assert bytes_below(tmp_path / "films") != before
    provide_films(sample(), tmp_path)
    assert bytes_below(tmp_path / "films") == before


def test_a_folder_of_films_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert provide_films(sample("data.root=mine"), tmp_path / "root").root == str(tmp_path / "mine")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data.root is /nowhere/films, which is no folder"):
        provide_films(sample("data.root=/nowhere/films"), tmp_path)


def test_without_a_folder_and_without_a_sample_the_next_step_is_told(tmp_path: Path) -> None:
    settings = load_settings("covid_chestxray", None, [])
    with pytest.raises(UsageError, match=r"name the folder that holds the films with --set data.root=FOLDER"):
        provide_films(settings, tmp_path)


def test_the_key_of_a_root_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = sample("data.root=/films")
    key = patient_key(settings, tmp_path)
    assert len(key) == 64
    assert patient_key(settings, tmp_path) == key
    assert stat.S_IMODE((tmp_path / "patient.key").stat().st_mode) == 0o600


def test_drawn_films_have_a_fixed_key(tmp_path: Path) -> None:
    assert patient_key(sample(), tmp_path) == SAMPLE_KEY
    assert not (tmp_path / "patient.key").exists()


def test_the_environments_key_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "from the environment")
    assert patient_key(sample("data.root=/films"), tmp_path) == "from the environment"
    assert not (tmp_path / "patient.key").exists()


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    with pytest.raises(UsageError, match="has 6 bytes; it needs at least 16"):
        patient_key(sample(), tmp_path)


def test_the_id_of_a_key_does_not_hold_it() -> None:
    assert key_id("secret") != key_id("other")
    assert "secret" not in key_id("secret")
