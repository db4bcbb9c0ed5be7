"""The folder of a run and its lock."""

from pathlib import Path

import pytest
from filelock import FileLock

from pipeline import local
from pipeline.root import is_of_a_comparison, locked_root
from pipeline.settings import load_settings
from trainer.errors import RunError, UsageError


def test_the_folder_is_made_locked_and_free_again(tmp_path: Path) -> None:
    with locked_root(tmp_path / "runs" / "a") as folder:
        assert folder == tmp_path / "runs" / "a"
        with pytest.raises(RunError, match="another run is using"), locked_root(folder):
            pass
    with locked_root(folder):
        pass


def test_the_lock_of_another_process_is_respected(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / "run.lock"),
        pytest.raises(RunError, match=f"another run is using {tmp_path}; wait for its end, or name another folder"),
        locked_root(tmp_path),
    ):
        pass


def test_a_run_that_raises_frees_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it broke"), locked_root(tmp_path):
        raise ValueError("it broke")
    with locked_root(tmp_path):
        pass


@pytest.mark.parametrize("name", ["a*", "a?b", "[a]", "{a}"])
def test_a_name_that_is_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="which TFX reads as a pattern"), locked_root(tmp_path / name):
        pass
    assert not any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match=r"root .*file/a cannot be made \(Not a directory\)"),
        locked_root(tmp_path / "file" / "a"),
    ):
        pass


def test_what_a_comparison_leaves_is_known_again(tmp_path: Path) -> None:
    assert not is_of_a_comparison(tmp_path)
    (tmp_path / "tfx" / "NetworkTrial.cnn").mkdir(parents=True)
    assert is_of_a_comparison(tmp_path)
    with pytest.raises(UsageError, match=r"that of a comparison; name another folder with --root"):
        local.run(load_settings("sample", None, []), tmp_path)
