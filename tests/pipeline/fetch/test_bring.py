"""A collection that is fetched, verified, mended."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from pipeline.fetch.bring import Fetched, bring
from pipeline.fetch.collections import Collection
from pipeline.fetch.download import Patience
from trainer.errors import RunError, UsageError

HASTE = Patience(connect=1, read=1, tries=3, backoff=0)

Files = dict[str, bytes]
Pack = Callable[..., bytes]


def below(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def fetch(small: Collection, tmp_path: Path) -> Callable[..., Fetched]:
    def run(origin: object = None, collection: Collection = small, **options: Any) -> Fetched:
        origin = None if origin is None else str(origin)
        return bring(collection, tmp_path / "data", origin=origin, **{"patience": HASTE, **options})

    return run


@pytest.fixture
def archive(tmp_path: Path, files: Files, pack: Pack) -> Path:
    file = tmp_path / "small-master.tar.gz"
    file.write_bytes(pack(files))
    return file


def test_a_collection_is_laid_down_with_its_checksums_and_its_origin(
    fetch: Any, archive: Path, files: Files, tmp_path: Path
) -> None:
    fetched = fetch(archive)
    assert (fetched.state, fetched.files, fetched.commit) == ("fetched", 4, "c0ffee")
    assert below(fetched.folder) == files
    lines = {f"{hashlib.sha256(content).hexdigest()}  small/{name}" for name, content in files.items()}
    assert set(fetched.sums.read_text().splitlines()) == lines
    origin = json.loads((tmp_path / "data" / "small.origin.json").read_text())
    assert (origin["origin"], origin["commit"], origin["licence"]) == (str(archive), "c0ffee", "CC0")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["small", "small.origin.json", "small.sha256"]


def test_from_a_server_it_comes_by_the_collections_own_url(
    fetch: Any, small: Collection, serve: Any, files: Files, pack: Pack
) -> None:
    body = pack(files)
    served = serve(body, drop_after=[100])
    own = replace(small, archive=served.url, sha256=hashlib.sha256(body).hexdigest())
    assert fetch(collection=own).state == "fetched"
    assert served.asked == ["", "bytes=100-"]
    assert fetch(collection=own).state == "intact"
    assert len(served.asked) == 2


def test_a_wrong_checksum_leaves_nothing(
    fetch: Any, small: Collection, serve: Any, files: Files, pack: Pack, tmp_path: Path
) -> None:
    own = replace(small, archive=serve(pack(files)).url, sha256="0" * 64)
    with pytest.raises(RunError, match="has not the expected content"):
        fetch(collection=own)
    assert not (tmp_path / "data" / "small").exists()


def test_a_given_checksum_is_held_against_a_given_file(fetch: Any, archive: Path) -> None:
    with pytest.raises(RunError, match=r"small-master.tar.gz has sha256 .*, expected 0000"):
        fetch(archive, sha256="0" * 64)
    assert fetch(archive, sha256=hashlib.sha256(archive.read_bytes()).hexdigest()).state == "fetched"


def test_an_intact_collection_is_not_fetched_again(fetch: Any, archive: Path) -> None:
    fetch(archive)
    archive.unlink()
    told: list[object] = []
    assert fetch(announce=told.append).state == "intact"
    assert told == []


def test_damaged_files_are_named_and_fetched_again_and_others_are_left_alone(
    fetch: Any, archive: Path, files: Files
) -> None:
    folder = fetch(archive).folder
    kept = (folder / "README.md").stat()
    (folder / "metadata.csv").write_bytes(b"other")
    (folder / "images" / "a b@2x.png").unlink()
    (folder / "mine.txt").write_bytes(b"mine")
    told: list[tuple[str, ...]] = []
    fetched = fetch(archive, announce=told.append)
    assert (fetched.state, fetched.files) == ("repaired", 4)
    assert told == [("images/a b@2x.png", "metadata.csv")] == [fetched.damaged]
    assert below(folder) == {**files, "mine.txt": b"mine"}
    assert (folder / "README.md").stat() == kept
    assert fetch().state == "intact"


def test_files_of_another_state_are_not_mixed_in(fetch: Any, archive: Path, files: Files, pack: Pack) -> None:
    folder = fetch(archive).folder
    (folder / "metadata.csv").write_bytes(b"other")
    (folder / "README.md").unlink()
    archive.write_bytes(pack({**files, "metadata.csv": b"a newer state"}))
    with pytest.raises(RunError, match=r"1 of 2 damaged files cannot be mended from it \(metadata.csv\)"):
        fetch(archive)
    assert (folder / "metadata.csv").read_bytes() == b"other"
    assert (folder / "README.md").read_bytes() == b""


def test_a_collection_that_was_removed_is_fetched_anew(fetch: Any, archive: Path, files: Files) -> None:
    folder = fetch(archive).folder
    folder.rename(folder.with_name("elsewhere"))
    assert fetch(archive).state == "fetched"
    assert below(folder) == files


def test_a_folder_that_somebody_else_made_is_left_alone(fetch: Any, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "small").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"is there without small.sha256, so it was not brought by this command"):
        fetch(archive)


@pytest.mark.parametrize("top", ["", "small-master/", "outer/small-master/"])
def test_the_collection_is_found_below_the_top_of_an_archive(
    top: str, fetch: Any, archive: Path, files: Files, pack: Pack
) -> None:
    archive.write_bytes(pack(files, top))
    assert below(fetch(archive).folder) == files


def test_what_lies_beside_the_collection_is_named(fetch: Any, tmp_path: Path, files: Files) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as zipped:
        for name, content in files.items():
            zipped.writestr(f"small/{name}", content)
        zipped.writestr("__MACOSX/small/._metadata.csv", b"")
    assert fetch(tmp_path / "x.zip").left_out == ("__MACOSX",)


def test_another_collection_is_refused(fetch: Any, archive: Path, pack: Pack, tmp_path: Path) -> None:
    archive.write_bytes(pack({"README.md": b"something else"}))
    with pytest.raises(RunError, match=r"holds no folder with metadata.csv, images, so it is not the collection"):
        fetch(archive)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_hostile_archive_leaves_nothing(fetch: Any, archive: Path, files: Files, pack: Pack, tmp_path: Path) -> None:
    archive.write_bytes(pack({**files, "../../evil": b"evil"}))
    with pytest.raises(RunError, match="leads out of its folder"):
        fetch(archive)
    assert list((tmp_path / "data").iterdir()) == []


def test_an_archive_that_is_damaged_on_the_server_is_asked_for_again(
    fetch: Any, serve: Any, files: Files, pack: Pack
) -> None:
    served = serve(b"no archive")
    with pytest.raises(RunError, match="neither a tar nor a zip archive"):
        fetch(served.url)
    served.body, served.etag = pack(files), '"two"'
    assert fetch(served.url).state == "fetched"


def test_what_was_downloaded_before_an_interruption_is_used(fetch: Any, serve: Any, files: Files, pack: Pack) -> None:
    served = serve(pack(files))

    def interrupt(work: str, done: int, total: int | None) -> None:
        if work == "unpacking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(served.url, progress=interrupt)
    assert fetch(served.url).state == "fetched"
    assert len(served.asked) == 1


def test_a_second_fetch_meanwhile_is_refused(fetch: Any, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / ".fetch-small").mkdir(parents=True)
    with FileLock(tmp_path / "data" / ".fetch-small" / "lock"), pytest.raises(RunError, match="another process is"):
        fetch(archive)


def test_what_must_be_fetched_by_hand_says_where(fetch: Any) -> None:
    with pytest.raises(UsageError, match=r"cannot be fetched without a person: from https://example.org/small ask for"):
        fetch()


def test_a_place_that_is_a_file_is_wrong_use(fetch: Any, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(UsageError, match=r"data cannot be made \(.*\); name another folder with --to"):
        fetch(archive)
