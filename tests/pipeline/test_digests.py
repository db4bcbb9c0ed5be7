"""What makes a node run again: the bytes of films and code, and nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from components.manifest_gen.settings import DataSettings
from pipeline import digests
from pipeline.plan import CODE_OF_NODES
from trainer.errors import SourceError


@pytest.fixture
def data(tmp_path: Path) -> DataSettings:
    folder = tmp_path / "films" / "images"
    folder.mkdir(parents=True)
    (tmp_path / "films" / "metadata.csv").write_text("patientid,filename\n1,a.png\n")
    (folder / "a.png").write_bytes(b"film a")
    (folder / "b.png").write_bytes(b"film b")
    return DataSettings.model_validate(
        {
            "root": str(tmp_path),
            "sources": [{"kind": "ieee8023", "name": "one", "path": "films"}],
            "findings": {"covid": ["a"], "healthy": ["b"]},
        }
    )


def test_the_same_bytes_give_the_same_digest(data: DataSettings, tmp_path: Path) -> None:
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)
    os.utime(tmp_path / "films" / "images" / "a.png")  # a touch is no change
    assert digests.data_digest(data, memo) == first
    memo.unlink()
    assert digests.data_digest(data, memo) == first


def test_files_are_counted_with_their_tables(data: DataSettings) -> None:
    assert digests.count_files(data) == 3


@pytest.mark.parametrize("file", ["images/a.png", "metadata.csv"])
def test_a_changed_byte_changes_the_digest(data: DataSettings, tmp_path: Path, file: str) -> None:
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)
    path = tmp_path / "films" / file
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same mtime
    assert digests.data_digest(data, memo) != first


def test_the_same_films_elsewhere_have_the_same_digest(data: DataSettings, tmp_path: Path) -> None:
    elsewhere = tmp_path / "mount" / "of another machine"
    shutil.copytree(tmp_path / "films", elsewhere / "films")
    moved = data.model_copy(update={"root": str(elsewhere)})
    assert digests.data_digest(moved, tmp_path / "1.json") == digests.data_digest(data, tmp_path / "2.json")


def test_films_that_come_or_go_change_the_digest(data: DataSettings, tmp_path: Path) -> None:
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)
    extra = tmp_path / "films" / "images" / "c.png"
    extra.write_bytes(b"film c")
    assert digests.data_digest(data, memo) != first
    extra.unlink()
    assert digests.data_digest(data, memo) == first


def test_a_linked_folder_of_films_counts_by_its_films(data: DataSettings, tmp_path: Path) -> None:
    memo = tmp_path / "memo.json"
    images = tmp_path / "films" / "images"
    images.rename(tmp_path / "elsewhere")
    images.symlink_to(tmp_path / "elsewhere")
    first = digests.data_digest(data, memo)
    (tmp_path / "elsewhere" / "a.png").write_bytes(b"another film")
    assert digests.data_digest(data, memo) != first


def test_a_link_out_of_the_folder_is_not_opened(data: DataSettings, tmp_path: Path) -> None:
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)
    (tmp_path / "films" / "images" / "k.png").symlink_to("/proc/kmsg")  # reading it would never end
    assert digests.data_digest(data, memo) != first


@pytest.mark.parametrize(
    "name, counts",
    [
        ("images_1/images/new.png", True),
        ("images_2/deep/er/new.png", True),
        ("images_3/new.png", True),
        ("images_1/images/new.txt", True),  # ManifestGen lists it
        ("Data_Entry_2017.csv", True),
        ("thumbnails/new.png", False),
        ("new.png", False),
        ("images_1/.cache/new.png", False),
    ],
)
def test_what_the_patterns_of_a_source_mean_counts_and_nothing_beside(tmp_path: Path, name: str, counts: bool) -> None:
    folder = tmp_path / "nih"
    for file in ("images_1/images/a.png", "images_2/b.png", "thumbnails/a.png", "Data_Entry_2017.csv"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"x")
    source = {"kind": "nih", "name": "nih", "path": "nih"}
    data = DataSettings.model_validate(
        {"root": str(tmp_path), "sources": [source], "findings": {"covid": ["a"], "healthy": ["b"]}}
    )
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"new")
    assert (digests.data_digest(data, memo) != first) == counts


def test_a_pattern_that_means_nothing_is_named(data: DataSettings, tmp_path: Path) -> None:
    (tmp_path / "films" / "images").rename(tmp_path / "films" / "pictures")
    with pytest.raises(SourceError, match=r"no folder or film .*images; check data\.root and the path of source 'one'"):
        digests.data_digest(data, tmp_path / "memo.json")


def test_hidden_files_do_not_count(data: DataSettings, tmp_path: Path) -> None:
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)
    (tmp_path / "films" / "images" / ".DS_Store").write_bytes(b"of a desktop")
    assert digests.data_digest(data, memo) == first


def test_unchanged_files_are_not_read_again(
    data: DataSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)

    def read(path: Path) -> str:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr(digests, "sha256_of_file", read)
    assert digests.data_digest(data, memo) == first


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}', "null"])
def test_a_broken_memo_is_made_again(data: DataSettings, tmp_path: Path, content: str) -> None:
    memo = tmp_path / "memo.json"
    first = digests.data_digest(data, memo)
    memo.write_text(content)
    assert digests.data_digest(data, memo) == first


def test_a_missing_source_is_named(data: DataSettings, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "films")
    with pytest.raises(SourceError, match=r"source 'one': folder .*films does not exist; correct data.root"):
        digests.data_digest(data, tmp_path / "memo.json")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the code, so that a test may edit it."""
    for package in digests.FIRST_PARTY:
        shutil.copytree(digests.PROJECT / package, tmp_path / package)
    (tmp_path / "requirements").mkdir()
    shutil.copy(digests.PROJECT / "requirements" / "runtime.lock", tmp_path / "requirements")
    monkeypatch.setattr(digests, "PROJECT", tmp_path)
    return tmp_path


def nodes_touched_by(project: Path, file: str) -> set[str]:
    before = {node: digests.code_digest(module) for node, module in CODE_OF_NODES.items()}
    path = project / file
    path.write_bytes(path.read_bytes() + b"\n# edited\n")
    return {node for node, module in CODE_OF_NODES.items() if digests.code_digest(module) != before[node]}


@pytest.mark.parametrize(
    "file, nodes",
    [
        ("trainer/model.py", {"Trainer", "Tuner"}),
        ("trainer/head_tuner.py", {"Tuner"}),
        ("trainer/augmentation.py", {"Trainer"}),
        ("trainer/preprocessing.py", {"XrayExampleGen", "Trainer"}),
        ("components/manifest_gen/split.py", {"ManifestGen"}),
        ("components/manifest_gen/manifest.py", {"ManifestGen", "XrayExampleGen", "DataAudit"}),
        ("components/release_gate/rules.py", {"ReleaseGate"}),
        ("components/pusher/publish.py", {"Pusher"}),
        ("components/score/executor.py", {"Score"}),
        ("pipeline/local.py", set()),
        ("pipeline/result.py", set()),
        ("requirements/runtime.lock", set(CODE_OF_NODES)),
    ],
)
def test_an_edit_touches_the_nodes_that_run_it(project: Path, file: str, nodes: set[str]) -> None:
    touched = nodes_touched_by(project, file)
    assert nodes <= touched
    if "Trainer" not in nodes:
        assert "Trainer" not in touched, "an edit that the training does not run must not train again"
    if not nodes:
        assert not touched


def test_a_module_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no first-party module trainer.nothing"):
        digests.code_digest("trainer.nothing")
