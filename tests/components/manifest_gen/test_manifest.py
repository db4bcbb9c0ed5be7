import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.files import MANIFEST_FILE, REJECTED_FILE
from components.manifest_gen.manifest import (
    Manifest,
    read_manifest,
    read_rejected,
    sha256_of,
    write_manifest,
    write_rejected,
)
from components.manifest_gen.rows import ManifestRow, Rejection
from trainer.errors import RunError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ROWS = st.builds(
    ManifestRow,
    **dict.fromkeys(["path", "sha256", "image_id", "label", "finding", "view", "patient_id", "source", "split"], TEXT),
    **dict.fromkeys(["format", "mode", "group"], TEXT),
    **dict.fromkeys(["bytes", "width", "height"], st.integers(0, 10**9)),
    age=st.none() | st.integers(0, 12000).map(lambda hundredths: hundredths / 100),
    sex=st.sampled_from([None, "F", "M"]),
    row=st.integers(0, 10**6),
    file=TEXT,
)
REJECTIONS = st.builds(Rejection, source=TEXT, row=st.integers(0, 10**6), file=TEXT, reason=TEXT, detail=TEXT)


@settings(deadline=None)
@given(rows=st.lists(ROWS, max_size=4), rejected=st.lists(REJECTIONS, max_size=4))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[ManifestRow], rejected: list[Rejection]
) -> None:
    folder = tmp_path_factory.mktemp("manifest")
    write_manifest(Manifest(tuple(rows), tuple(rejected)), folder)
    assert read_manifest(folder) == rows
    assert read_rejected(folder) == rejected


def test_the_columns_are_those_that_others_rely_on(tmp_path: Path) -> None:
    write_manifest(Manifest((), ()), tmp_path)
    assert (tmp_path / MANIFEST_FILE).read_text().strip() == (
        "path,sha256,image_id,label,finding,view,patient_id,source,split,age,sex,"
        "bytes,width,height,format,mode,group,row,file"
    )
    assert (tmp_path / REJECTED_FILE).read_text().strip() == "source,row,file,reason,detail"


@pytest.mark.parametrize("text", [None, "", "a,b\r\n1,2\r\n", "source,row,file,reason,detail\r\nonly,two\r\n"])
def test_what_is_no_table_of_rejections_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / REJECTED_FILE).write_text(text)
    with pytest.raises(RunError, match=r"rejected\.csv .*; let ManifestGen write it again"):
        read_rejected(tmp_path)


def test_rejections_can_be_written_alone(tmp_path: Path) -> None:
    rejected = [Rejection("here", 3, "a.png", "undecodable", "cut short; fetch the film again")]
    write_rejected(rejected, tmp_path)
    assert read_rejected(tmp_path) == rejected
    assert not (tmp_path / MANIFEST_FILE).exists()


def test_large_files_are_digested_in_parts(tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    (tmp_path / "film").write_bytes(data)
    assert sha256_of(tmp_path / "film") == hashlib.sha256(data).hexdigest()
