"""Archives, friendly and hostile."""

import contextlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fetch import archive as module
from pipeline.fetch.archive import BadArchive, Unpacked, unpack
from trainer.errors import RunError

FILES = {"a/b.png": b"film", "a/c.csv": b"x" * 5000, "top.txt": b""}


def add(tar: tarfile.TarFile, name: str, kind: bytes, target: str = "") -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    tar.addfile(member)


def write_tar(file: Path, files: dict[str, bytes], mode: str = "w:gz", comment: str = "") -> Path:
    with tarfile.open(file, mode, pax_headers={"comment": comment} if comment else None) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file


def write_zip(file: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return file


def unpacked(file: Path, max_bytes: int = 1 << 20) -> tuple[dict[str, bytes], Unpacked]:
    folder = file.parent / "out"
    what = unpack(file, folder, max_bytes=max_bytes)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}, what


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_archives_of_every_compression_are_unpacked(mode: str, tmp_path: Path) -> None:
    assert unpacked(write_tar(tmp_path / "x", FILES, mode))[0] == FILES


def test_zip_archives_are_unpacked(tmp_path: Path) -> None:
    assert unpacked(write_zip(tmp_path / "x", FILES))[0] == FILES


def test_the_commit_that_git_notes_is_found(tmp_path: Path) -> None:
    assert unpacked(write_tar(tmp_path / "x", FILES, comment="abc123"))[1].comment == "abc123"


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "a/../../evil", "a\\..\\evil", ".."])
@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_names_that_lead_out_are_refused(name: str, write: object, tmp_path: Path) -> None:
    write(tmp_path / "x", {"good.png": b"1", name: b"evil"})  # type: ignore[operator]
    with pytest.raises(BadArchive, match="which leads out of its folder; nothing of it is kept"):
        unpacked(tmp_path / "x")
    assert not (tmp_path / "evil").exists()


def test_links_and_devices_of_a_tar_archive_are_left_out_and_named(tmp_path: Path) -> None:
    with tarfile.open(write_tar(tmp_path / "x", FILES, "w"), "a") as tar:
        add(tar, "out", tarfile.SYMTYPE, "/etc")
        add(tar, "inside", tarfile.SYMTYPE, "top.txt")
        add(tar, "hard", tarfile.LNKTYPE, "/etc/passwd")
        add(tar, "to_link", tarfile.LNKTYPE, "out")
        add(tar, "pipe", tarfile.FIFOTYPE)
        add(tar, "null", tarfile.CHRTYPE)
    files, what = unpacked(tmp_path / "x")
    assert files == FILES
    assert what.left_out == ("out", "inside", "hard", "to_link", "pipe", "null")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_symlink()]


def test_a_file_behind_a_link_of_the_archive_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with tarfile.open(tmp_path / "x", "w") as tar:
        add(tar, "door", tarfile.SYMTYPE, str(tmp_path / "elsewhere"))
        member = tarfile.TarInfo("door/film.png")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"film"))
    assert unpacked(tmp_path / "x")[0] == {"door/film.png": b"film"}
    assert not list((tmp_path / "elsewhere").iterdir())


def test_hard_links_between_films_are_kept(tmp_path: Path) -> None:
    with tarfile.open(write_tar(tmp_path / "x", FILES, "w"), "a") as tar:
        add(tar, "a/again.png", tarfile.LNKTYPE, "a/b.png")
    assert unpacked(tmp_path / "x")[0] == {**FILES, "a/again.png": b"film"}


def test_links_of_a_zip_archive_are_left_out_and_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_zip(tmp_path / "x", FILES), "a") as zipped:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        zipped.writestr(link, "/etc/passwd")
    files, what = unpacked(tmp_path / "x")
    assert files == FILES
    assert what.left_out == ("link",)


@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_a_bomb_is_refused_before_it_goes_off(write: object, tmp_path: Path) -> None:
    write(tmp_path / "x", {"small": b"", "bomb": bytes(10_000_000)})  # type: ignore[operator]
    assert (tmp_path / "x").stat().st_size < 20_000
    with pytest.raises(BadArchive, match="unpacks to more than 1000000 bytes, the bound of this collection"):
        unpacked(tmp_path / "x", 1_000_000)
    assert not (tmp_path / "out" / "bomb").exists()


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 2)
    with pytest.raises(BadArchive, match="holds more than 2 files"):
        unpacked(write_tar(tmp_path / "x", FILES))


def test_a_zip_archive_that_lies_about_a_size_is_damaged(tmp_path: Path) -> None:
    raw = write_zip(tmp_path / "x", {"bomb": bytes(1_000_000)}).read_bytes()
    (tmp_path / "x").write_bytes(raw.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(BadArchive, match="is damaged"):
        unpacked(tmp_path / "x")
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= 10


def test_an_encrypted_zip_archive_is_told(tmp_path: Path) -> None:
    raw = bytearray(write_zip(tmp_path / "x", {"a.png": b"film"}).read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    raw[6] |= 1
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(BadArchive, match="encrypted"):
        unpacked(tmp_path / "x")


def test_no_archive_at_all_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"<html>not found</html>")
    with pytest.raises(BadArchive, match="is neither a tar nor a zip archive"):
        unpacked(tmp_path / "x")


def test_a_truncated_archive_is_damaged(tmp_path: Path) -> None:
    whole = write_tar(tmp_path / "x", {"a.png": os.urandom(100_000)}).read_bytes()
    (tmp_path / "x").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadArchive, match="is damaged"):
        unpacked(tmp_path / "x")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot be unpacked into .*File name too long"):
        unpacked(write_tar(tmp_path / "x", {"n" * 300: b""}))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 10_000), st.sampled_from([write_tar, write_zip]))
def test_no_bytes_crash_it_and_nothing_gets_out(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int, write: object
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    raw = bytearray(write(folder / "x", FILES).read_bytes())  # type: ignore[operator]
    at %= len(raw)
    raw[at : at + len(noise)] = noise
    (folder / "x").write_bytes(raw)
    with contextlib.suppress(RunError):
        unpack(folder / "x", folder / "out", max_bytes=1 << 20)
    assert {path.name for path in folder.iterdir()} == {"x", "out"}
