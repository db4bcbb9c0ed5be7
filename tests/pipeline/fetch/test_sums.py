"""Checksum lists, as ``sha256sum`` writes and reads them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.fetch.sums import Damage, damage_of, read_sums, sums_of, write_sums
from trainer.errors import RunError

NAMES = ["a.png", "b c@2x.jpg", "sub/é.png", "back\\slash.png", "line\nbreak.png", " leading", "*star"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


@pytest.fixture
def listed(folder: Path) -> Path:
    write_sums(folder.parent / "small.sha256", "small", sums_of(folder))
    return folder.parent / "small.sha256"


def test_what_is_written_is_read(folder: Path, listed: Path) -> None:
    assert read_sums(listed, "small") == sums_of(folder)
    assert sorted(read_sums(listed, "small")) == sorted(NAMES)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum on this machine")
def test_sha256sum_reads_the_list(folder: Path, listed: Path) -> None:
    def check() -> int:
        command = ["sha256sum", "--check", "--strict", "--quiet", listed.name]
        return subprocess.run(command, cwd=folder.parent, capture_output=True, check=False).returncode

    assert check() == 0
    (folder / "a.png").write_bytes(b"other")
    assert check() == 1


def test_names_that_are_no_utf8_are_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.png")
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / name).write_bytes(b"film")
    write_sums(tmp_path / "list", "small", sums_of(tmp_path / "small"))
    assert list(read_sums(tmp_path / "list", "small")) == [name]


def test_damage_is_named(folder: Path) -> None:
    sums = sums_of(folder)
    (folder / "a.png").unlink()
    (folder / "sub" / "é.png").write_bytes(b"other")
    (folder / "b c@2x.jpg").unlink()
    (folder / "b c@2x.jpg").mkdir()
    (folder / "new.png").write_bytes(b"new")
    damage = damage_of(folder, sums)
    assert damage == Damage(missing=("a.png",), changed=("b c@2x.jpg", "sub/é.png"))
    assert damage.names == ("a.png", "b c@2x.jpg", "sub/é.png")


@pytest.mark.parametrize(
    "line",
    [b"no checksum", b"0" * 64 + b"  elsewhere/a.png", b"0" * 64 + b"  small/../a.png", b"0" * 63 + b"  small/a.png"],
)
def test_a_line_that_is_no_checksum_of_the_folder_is_refused(line: bytes, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"0" * 64 + b"  small/a.png\n" + line + b"\n")
    with pytest.raises(RunError, match=r"line 2 of .*list is no checksum of a file in small"):
        read_sums(tmp_path / "list", "small")
