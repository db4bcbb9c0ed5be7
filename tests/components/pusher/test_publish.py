"""Publishing by rename."""

import os
from pathlib import Path

import pytest

from components.pusher.publish import digest_of, publish, versions
from trainer.errors import RunError


@pytest.fixture
def servable(tmp_path: Path) -> Path:
    folder = tmp_path / "servable"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    return folder


def nothing_to_add(_: Path) -> None: ...


def test_a_version_appears_complete(servable: Path, tmp_path: Path) -> None:
    folder = tmp_path / "serving" / "cxr"

    def complete(staged: Path) -> None:
        assert staged.parent == folder
        assert staged.name.startswith("."), "TF Serving must not see it yet"
        assert not versions(folder)
        (staged / "model.json").write_text("{}")

    version = publish(servable, folder, 1_700_000_000, complete)
    assert version == folder / "1700000000"
    assert sorted(path.name for path in version.iterdir()) == ["model.json", "saved_model.pb", "variables"]
    assert [path.name for path in folder.iterdir()] == ["1700000000"]


def test_a_new_version_is_above_all_others(servable: Path, tmp_path: Path) -> None:
    publish(servable, tmp_path / "cxr", 50, nothing_to_add)
    assert publish(servable, tmp_path / "cxr", 50, nothing_to_add).name == "51"
    assert publish(servable, tmp_path / "cxr", 9, nothing_to_add).name == "52"
    assert [path.name for path in versions(tmp_path / "cxr")] == ["50", "51", "52"]


def test_only_integer_names_are_versions(tmp_path: Path) -> None:
    for name in ("7", "12", "tmp", ".staging-13", "5.partial"):
        (tmp_path / name).mkdir()
    (tmp_path / "99").write_text("a file")
    assert [path.name for path in versions(tmp_path)] == ["7", "12"]


def test_a_push_that_dies_leaves_no_version_and_the_next_one_cleans_up(servable: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cxr"

    def die(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(servable, folder, 1, die)
    assert not versions(folder)
    assert publish(servable, folder, 1, nothing_to_add).name == "1"
    assert [path.name for path in folder.iterdir()] == ["1"]


def test_a_serving_folder_that_cannot_be_made_is_named(servable: Path, tmp_path: Path) -> None:
    (tmp_path / "serving").write_text("a file where the folder should be")
    with pytest.raises(RunError, match=r"the model cannot be pushed to .*serving/cxr: Not a directory"):
        publish(servable, tmp_path / "serving" / "cxr", 1, nothing_to_add)


def test_the_digest_tells_content_and_names_apart(servable: Path) -> None:
    before = digest_of(servable)
    assert before == digest_of(servable)
    os.rename(servable / "saved_model.pb", servable / "saved_model2.pb")
    assert digest_of(servable) != before
    os.rename(servable / "saved_model2.pb", servable / "saved_model.pb")
    assert digest_of(servable) == before
    (servable / "saved_model.pb").write_bytes(b"graph!")
    assert digest_of(servable) != before
