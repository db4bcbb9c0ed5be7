import errno
import hashlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.files import MANIFEST_FILE, REJECTED_FILE
from components.manifest_gen.build import build_manifest
from components.manifest_gen.manifest import Manifest, read_manifest, write_manifest
from components.manifest_gen.pseudonym import pseudonym
from components.manifest_gen.rows import REASONS, ManifestRow
from components.manifest_gen.settings import DataSettings, SplitSettings
from trainer.errors import SourceError
from trainer.features import EVAL, SPLITS, TEST, TRAIN, UNUSED

KEY = b"sixteen bytes or"
NIH_HEADER = "Image Index,Finding Labels,Patient ID,Patient Age,Patient Gender,View Position"
COLLECTION = {"kind": "ieee8023", "name": "collection", "path": "collection"}
NORMAL = {
    "kind": "class_folders",
    "name": "normal",
    "path": "normal",
    "folders": {"No_findings": "No Finding"},
    "metadata": "data.csv",
}
Write = Callable[..., Path]


def data_settings(*sources: dict[str, Any], **keys: Any) -> DataSettings:
    findings = {"covid": ["COVID-19"], "healthy": ["No Finding"]}
    return DataSettings.model_validate({"sources": sources, "findings": findings, **keys})


def build(root: Path, *sources: dict[str, Any], by: Any = "patient", key: bytes = KEY, **keys: Any) -> Manifest:
    return build_manifest(data_settings(*sources, **keys), SplitSettings(by=by), key, root)


@pytest.fixture
def two_sources(write_collection: Write, write_folders: Write, tmp_path: Path) -> Path:
    """Ten patients with two COVID films each; fifteen normal ones with one each and an AP film for five of them."""
    covid = [f"{number // 2},M,65,COVID-19,PA,X-ray,c{number}.jpg,," for number in range(20)]
    write_collection(covid, [f"c{number}.jpg" for number in range(20)])
    normal = [f"{n}_0.png,No Finding,{n},036Y,F,PA" for n in range(15)]
    normal += [f"{n}_1.png,No Finding,{n},036Y,F,AP" for n in range(5)]
    write_folders([f"No_findings/{row.split(',')[0]}" for row in normal], [NIH_HEADER, *normal])
    return tmp_path


def test_a_film_that_passes_becomes_a_row(write_collection: Write, tmp_path: Path) -> None:
    folder = write_collection(["7,M,65,covid-19,pa,X-ray,a.jpg,,"], ["a.jpg"])
    digest = hashlib.sha256(b"film images/a.jpg").hexdigest()
    (row,) = build(tmp_path, COLLECTION).rows
    assert row == ManifestRow(
        path=str(folder.resolve() / "images" / "a.jpg"),
        sha256=digest,
        image_id=digest[:16],
        label="covid",
        finding="COVID-19",
        view="PA",
        patient_id=pseudonym("collection", "7", KEY),
        source="collection",
        split=TRAIN,
        age=65.0,
        sex="M",
        bytes=17,
        width=0,  # the bytes of these tests are no films
        height=0,
        format="",
        mode="",
        group="",
        row=2,
        file="a.jpg",
    )


def test_every_row_and_file_is_in_the_manifest_or_rejected(two_sources: Path) -> None:
    manifest = build(two_sources, COLLECTION, NORMAL)
    assert Counter((row.source, row.label) for row in manifest.rows) == {
        ("collection", "covid"): 20,
        ("normal", "healthy"): 15,
    }
    assert Counter((one.source, one.reason) for one in manifest.rejected) == {("normal", "view"): 5}
    assert {one.reason for one in manifest.rejected} <= set(REASONS)


def test_no_patient_is_in_two_splits_and_each_class_is_in_all(two_sources: Path) -> None:
    rows = build(two_sources, COLLECTION, NORMAL).rows
    for patient in {row.patient_id for row in rows}:
        assert len({row.split for row in rows if row.patient_id == patient}) == 1
    assert Counter((row.label, row.split) for row in rows) == {
        ("covid", TRAIN): 12,
        ("covid", EVAL): 4,
        ("covid", TEST): 4,
        ("healthy", TRAIN): 9,
        ("healthy", EVAL): 3,
        ("healthy", TEST): 3,
    }


def test_splits_do_not_depend_on_the_key(two_sources: Path) -> None:
    one, other = build(two_sources, COLLECTION, NORMAL), build(two_sources, COLLECTION, NORMAL, key=KEY[::-1])
    assert [row.split for row in one.rows] == [row.split for row in other.rows]
    assert not {row.patient_id for row in one.rows} & {row.patient_id for row in other.rows}


def test_splits_do_not_depend_on_where_the_films_lie(two_sources: Path) -> None:
    before = build(two_sources, COLLECTION, NORMAL, by="film", balance="undersample").rows
    elsewhere = two_sources / "elsewhere"
    elsewhere.mkdir()
    for name in ("collection", "normal"):
        (two_sources / name).rename(elsewhere / name)
    after = build(elsewhere, COLLECTION, NORMAL, by="film", balance="undersample").rows
    assert [(row.image_id, row.split) for row in before] == [(row.image_id, row.split) for row in after]


def test_undersampling_marks_what_it_leaves_out_as_unused(two_sources: Path) -> None:
    rows = build(two_sources, COLLECTION, NORMAL, balance="undersample").rows
    used = Counter(row.label for row in rows if row.split != UNUSED)
    assert used == {"covid": 15, "healthy": 15}
    assert Counter(row.split for row in rows)[UNUSED] == 5


def test_shares_hold_for_the_films_that_balancing_leaves(two_sources: Path) -> None:
    rows = build(two_sources, COLLECTION, NORMAL, balance="undersample", by="film").rows
    assert Counter((row.label, row.split) for row in rows if row.split != UNUSED) == {
        (label, split): size for label in ("covid", "healthy") for split, size in zip(SPLITS, (9, 3, 3), strict=True)
    }


def test_the_same_sources_give_the_same_bytes(two_sources: Path, tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_manifest(build(two_sources, COLLECTION, NORMAL), tmp_path / name)
        written.append([(tmp_path / name / file).read_bytes() for file in (MANIFEST_FILE, REJECTED_FILE)])
    assert written[0] == written[1]


def test_the_order_of_rows_and_sources_changes_nothing_but_line_numbers(
    two_sources: Path, write_collection: Write
) -> None:
    def without_lines(manifest: Manifest) -> list[ManifestRow]:
        return [replace(row, row=0) for row in manifest.rows]

    before = build(two_sources, COLLECTION, NORMAL)
    metadata = two_sources / "collection" / "metadata.csv"
    header, *rows = metadata.read_text().splitlines()
    metadata.write_text("\n".join([header, *reversed(rows)]))
    assert without_lines(build(two_sources, NORMAL, COLLECTION)) == without_lines(before)


def test_no_raw_patient_id_leaves_the_source(write_collection: Write, tmp_path: Path) -> None:
    patient = "MRN-00471"
    rows = [
        f"{patient},M,65,{finding},{view},X-ray,{name}.jpg,,"
        for finding, view, name in [
            ("COVID-19", "PA", "a"),
            ("SARS", "PA", "b"),
            ("COVID-19", "L", "c"),
            ("COVID-19", "PA", "gone"),
            ("COVID-19", "PA", "a"),
        ]
    ]
    write_collection(rows, ["a.jpg", "b.jpg", "c.jpg"])
    write_manifest(build(tmp_path, COLLECTION), tmp_path)
    assert patient not in (tmp_path / MANIFEST_FILE).read_text() + (tmp_path / REJECTED_FILE).read_text()


def test_two_sources_over_one_folder_do_not_give_a_film_twice(write_collection: Write, tmp_path: Path) -> None:
    write_collection(["7,M,65,COVID-19,PA,X-ray,a.jpg,,"], ["a.jpg"])
    manifest = build(tmp_path, COLLECTION, COLLECTION | {"name": "again"})
    assert [row.source for row in manifest.rows] == ["collection"]
    assert [(one.source, one.reason) for one in manifest.rejected] == [("again", "duplicate_row")]


def test_folder_and_metadata_that_disagree_are_rejected(write_folders: Write, tmp_path: Path) -> None:
    write_folders(["No_findings/1.png"], [NIH_HEADER, "1.png,Pneumonia,1,36,F,PA"])
    (one,) = build(tmp_path, NORMAL).rejected
    assert (one.row, one.reason) == (2, "conflict")


def test_a_film_that_the_file_system_does_not_hand_out_is_rejected(
    write_collection: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def denied(path: Path) -> bytes:  # root may read every file
        if path.suffix == ".jpg":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path)

    write_collection(["7,M,65,COVID-19,PA,X-ray,a.jpg,,"], ["a.jpg"])
    monkeypatch.setattr(Path, "read_bytes", denied)
    (one,) = build(tmp_path, COLLECTION).rejected
    assert (one.row, one.reason, one.detail) == (
        2,
        "unreadable",
        "Permission denied; check the file and its permissions",
    )


def test_rows_stand_by_source_and_path_and_rejections_by_source_and_line(two_sources: Path) -> None:
    (two_sources / "collection" / "images" / "extra.jpg").write_bytes(b"x")
    manifest = build(two_sources, NORMAL, COLLECTION)
    places = [(row.source, row.path) for row in manifest.rows]
    assert places == sorted(places)
    assert [(one.source, one.row) for one in manifest.rejected] == [
        ("collection", 0),
        *(("normal", line) for line in range(17, 22)),
    ]


def test_a_patient_of_two_classes_goes_by_the_order_of_the_positive_one(
    write_collection: Write, tmp_path: Path
) -> None:
    rows = ["7,M,65,COVID-19,PA,X-ray,a.jpg,,", "7,M,65,No Finding,PA,X-ray,b.jpg,,"]
    rows += [f"h{n},M,65,No Finding,PA,X-ray,h{n}.jpg,," for n in range(5)]
    write_collection(rows, ["a.jpg", "b.jpg", *(f"h{n}.jpg" for n in range(5))])
    manifest = build(tmp_path, COLLECTION, classes=["healthy", "covid"], positive="covid")
    mixed = pseudonym("collection", "7", KEY)
    assert [row.split for row in manifest.rows if row.patient_id == mixed] == [TRAIN, TRAIN]
    assert Counter(row.split for row in manifest.rows if row.patient_id != mixed) == {TRAIN: 3, EVAL: 1, TEST: 1}


@pytest.mark.parametrize("films", [1, 2, 3])
def test_few_films_of_one_class_and_one_patient_make_a_manifest(
    write_collection: Write, tmp_path: Path, films: int
) -> None:
    rows = [f"7,M,65,COVID-19,PA,X-ray,{n}.jpg,," for n in range(films)]
    write_collection(rows, [f"{n}.jpg" for n in range(films)])
    for balance in ("none", "undersample"):
        assert [row.split for row in build(tmp_path, COLLECTION, balance=balance).rows] == [TRAIN] * films


def test_sources_of_which_no_film_passes_make_an_empty_manifest(write_collection: Write, tmp_path: Path) -> None:
    write_collection(["7,M,65,SARS,PA,X-ray,a.jpg,,"], ["a.jpg"])
    manifest = build(tmp_path, COLLECTION, balance="undersample")
    assert (manifest.rows, len(manifest.rejected)) == ((), 1)


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        build(tmp_path, COLLECTION)


def test_a_file_name_that_is_no_utf_8_survives(write_folders: Write, tmp_path: Path) -> None:
    folder = write_folders(["No_findings/1.png"])
    name = os.fsdecode(b"No_findings/caf\xe9.png")
    (folder / name).write_bytes(b"x")
    manifest = build(tmp_path, NORMAL | {"metadata": None, "view": "PA"})
    write_manifest(manifest, tmp_path)
    assert [Path(row.path).name for row in read_manifest(tmp_path)] == ["1.png", Path(name).name]
    assert all(Path(row.path).is_file() for row in read_manifest(tmp_path))


def test_without_a_split_every_film_is_there_to_test_on_and_none_is_balanced_away(two_sources: Path) -> None:
    data = data_settings(COLLECTION, NORMAL, balance="undersample")
    manifest = build_manifest(data, None, KEY, two_sources)
    assert Counter((row.label, row.split) for row in manifest.rows) == {("covid", TEST): 20, ("healthy", TEST): 15}
    split = build_manifest(data, SplitSettings(), KEY, two_sources)
    assert [row.path for row in manifest.rows] == [row.path for row in split.rows]
    assert manifest.rejected == split.rejected
