"""Cloning a local repository."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.fetch.git import clone
from trainer.errors import RunError

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on this machine")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits; the second has a film, a link that leads out, and none of the first's files."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    folder = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", str(folder))
    (folder / "old.txt").write_text("old")
    commit(folder)
    (folder / "old.txt").unlink()
    (folder / "film.png").write_bytes(b"film")
    (folder / "link").symlink_to("/etc/passwd")
    commit(folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.check_output(["git", *identity, *arguments], cwd=folder, text=True).strip()


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "films")


def test_the_newest_state_is_cloned_without_its_history(repository: Path, tmp_path: Path) -> None:
    said = clone(str(repository), tmp_path / "out", shown="it")
    assert said == git(repository, "rev-parse", "HEAD")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["film.png", "link"]


def test_a_link_becomes_a_plain_file(repository: Path, tmp_path: Path) -> None:
    clone(str(repository), tmp_path / "out", shown="it")
    assert not (tmp_path / "out" / "link").is_symlink()
    assert (tmp_path / "out" / "link").read_text() == "/etc/passwd"


def test_progress_is_told_in_percents(repository: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    clone(str(repository), tmp_path / "out", shown="it", progress=lambda *now: told.append(now))
    assert ("receiving objects", 100, 100) in told


def test_a_repository_that_cannot_be_cloned_is_one_line_with_gits_reason(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"git cannot clone it \(fatal: .*\); where the network is closed") as caught:
        clone(str(tmp_path / "nowhere"), tmp_path / "out", shown="it")
    assert "\n" not in str(caught.value)


def test_transports_that_run_programs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not allowed"):
        clone(f"ext::touch {tmp_path}/evil", tmp_path / "out", shown="it")
    assert not (tmp_path / "evil").exists()


def test_without_git_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match="there is no git on this machine; install it, or fetch an archive"):
        clone("https://example.org/a.git", tmp_path / "out", shown="it")
