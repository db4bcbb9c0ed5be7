import io
import logging
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydicom import uid

from components.manifest_gen.build import build_manifest
from components.manifest_gen.manifest import write_manifest
from components.manifest_gen.rows import REASONS, Film, Rejection
from components.manifest_gen.settings import DataSettings, SplitSettings
from components.manifest_gen.sources.dicom import DicomSource
from components.manifest_gen.sources.registry import Source, read_source
from components.xray_example_gen.records import film_to_record
from trainer.errors import SourceError

PIXELS = np.arange(64 * 80, dtype=np.uint16).reshape(64, 80)
FOLDERS = {"kind": "dicom", "folders": {"covid": "COVID-19", "normal": "No Finding"}}
WARD = {"1": {}, "2": {}, "3": {"PatientID": "p2"}, "4": {"PatientID": "p3", "Modality": "CT"}, "5": {"PatientID": ""}}
Read = Callable[..., Any]
Write = Callable[[Mapping[str, bytes]], None]


def labelled(match: str, **columns: str) -> dict[str, Any]:
    """Settings of a source with a table ``labels.csv`` that has the columns ``id`` and ``what``."""
    columns = {"key": "id", "finding": "what"} | columns
    return {"kind": "dicom", "labels": {"file": "labels.csv", "match": match, "columns": columns}}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files into the folder that `read` reads."""

    def write(files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            (tmp_path / "here" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "here" / name).write_bytes(content)

    return write


def directory(film: bytes) -> bytes:
    """A DICOMDIR, as far as its head goes."""
    data = pydicom.dcmread(io.BytesIO(film))
    data.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    stream = io.BytesIO()
    data.save_as(stream)
    return stream.getvalue()


def said(items: list[Any]) -> list[tuple[str, ...]]:
    """Name, patient, finding and view of every film; row, name and reason of everything else."""
    return [
        (one.file, one.patient, one.finding, one.view) if isinstance(one, Film) else (one.row, one.file, one.reason)
        for one in items
    ]


def test_a_film_is_what_its_header_and_its_folder_say(
    read: Read, write: Write, make_dicom: Any, tmp_path: Path
) -> None:
    film = make_dicom(PIXELS, PatientID="p7", PatientAge="058Y", PatientSex="F", ViewPosition="AP", Modality="CR")
    write({"covid/IM000001": film, "normal/1": make_dicom(PIXELS)})
    items = read(FOLDERS, [])
    path = (tmp_path / "here" / "covid" / "IM000001").resolve()
    assert items[0] == Film(path, 0, "here", "covid/IM000001", "p7", "COVID-19", "AP", 58.0, "F")
    assert said(items[1:]) == [("normal/1", "p1", "No Finding", "PA")]


def test_films_have_any_name_and_what_is_no_film_says_why(read: Read, write: Write, make_dicom: Any) -> None:
    film = make_dicom(PIXELS)
    write(
        {
            "covid/2020/ST0001/IM000001": film,
            "covid/2020/ST0001/film.DCM": film,
            "covid/DICOMDIR": directory(film),
            "covid/README.txt": b"about the export",
            "covid/cut": film[:300],
            "covid/empty": b"",
            "covid/film.png": b"\x89PNG\r\n\x1a\n" + bytes(300),
            "covid/.hidden": film,
            "normal/1.2.840.1.dcm": film,
        }
    )
    assert said(read(FOLDERS, [])) == [
        ("covid/2020/ST0001/IM000001", "p1", "COVID-19", "PA"),
        ("covid/2020/ST0001/film.DCM", "p1", "COVID-19", "PA"),
        (0, "covid/DICOMDIR", "not_a_film"),
        (0, "covid/README.txt", "not_a_film"),
        (0, "covid/cut", "not_a_film"),
        (0, "covid/empty", "empty_file"),
        (0, "covid/film.png", "not_a_film"),
        ("normal/1.2.840.1.dcm", "p1", "No Finding", "PA"),
    ]


@pytest.mark.parametrize(
    "elements, reason",
    [
        ({"Modality": "CT"}, "modality"),
        ({"Modality": "RF"}, "modality"),
        ({"PatientID": ""}, "no_patient"),
        ({"PatientID": None}, "no_patient"),
        ({"NumberOfFrames": 20}, "frames"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "photometric"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "unprocessed"),
        ({"Rows": 60000, "Columns": 60000}, "size"),
    ],
)
def test_what_the_header_rules_out_is_rejected_at_once(
    read: Read, write: Write, make_dicom: Any, elements: dict[str, Any], reason: str
) -> None:
    write({"covid/a": make_dicom(PIXELS, **elements), "normal/b": make_dicom(PIXELS)})
    first, second = read(FOLDERS, [])
    assert isinstance(first, Rejection)
    assert (first.file, first.reason) == ("covid/a", reason)
    assert reason in REASONS
    assert isinstance(second, Film)


@pytest.mark.parametrize("modality", ["CR", "DX", "RG"])
def test_plain_radiographs_of_every_modality_pass(read: Read, write: Write, make_dicom: Any, modality: str) -> None:
    write({"covid/a": make_dicom(PIXELS, Modality=modality), "normal/b": make_dicom(PIXELS)})
    assert all(isinstance(one, Film) for one in read(FOLDERS, []))


def test_the_settings_view_stands_in_where_the_film_states_none(read: Read, write: Write, make_dicom: Any) -> None:
    write({"covid/a": make_dicom(PIXELS, ViewPosition=""), "normal/b": make_dicom(PIXELS, ViewPosition="AP")})
    assert [one.view for one in read(FOLDERS | {"view": "PA"}, [])] == ["PA", "AP"]
    assert [one.view for one in read(FOLDERS, [])] == ["", "AP"]


def test_a_row_of_a_patient_is_that_of_all_the_patients_films(read: Read, write: Write, make_dicom: Any) -> None:
    write(
        {
            "a/1": make_dicom(PIXELS, PatientID="p1"),
            "a/2": make_dicom(PIXELS, PatientID="p1"),
            "b/1": make_dicom(PIXELS, PatientID="p2"),
            "b/2": make_dicom(PIXELS, PatientID="p3"),
            "b/3": make_dicom(PIXELS, PatientID="p4", Modality="CT"),
        }
    )
    table = "id,what\np2,No Finding\np1,COVID-19\np9,COVID-19\np4,COVID-19\n"
    assert said(read(labelled("patient"), [], labels=table)) == [
        ("b/1", "p2", "No Finding", "PA"),
        ("a/1", "p1", "COVID-19", "PA"),
        ("a/2", "p1", "COVID-19", "PA"),
        (4, "", "no_file"),
        (5, "b/3", "modality"),
        (0, "b/2", "no_row"),
    ]


def test_rows_that_contradict_each_other_label_no_film(read: Read, write: Write, make_dicom: Any) -> None:
    write({"1": make_dicom(PIXELS), "2": make_dicom(PIXELS, PatientID="p2")})
    table = "id,what\np1,COVID-19\np1,No Finding\np2,COVID-19\np2,COVID-19\n"
    assert said(read(labelled("patient"), [], labels=table)) == [
        (2, "1", "duplicate_row"),
        (3, "1", "duplicate_row"),
        ("2", "p2", "COVID-19", "PA"),
        (5, "2", "duplicate_row"),
    ]


@pytest.mark.parametrize(
    "match, keyword", [("sop_instance_uid", "SOPInstanceUID"), ("study_instance_uid", "StudyInstanceUID")]
)
def test_rows_find_films_by_uid_and_no_uid_goes_further(
    read: Read, write: Write, make_dicom: Any, match: str, keyword: str
) -> None:
    write({name: make_dicom(PIXELS, **{keyword: f"1.2.3.{name}"}) for name in ("1", "2", "3")})
    items = read(labelled(match), [], labels="id,what\n1.2.3.2,COVID-19\n1.2.3.1,No Finding\n1.2.3.77,No Finding\n")
    assert said(items) == [
        ("2", "p1", "COVID-19", "PA"),
        ("1", "p1", "No Finding", "PA"),
        (4, "", "no_file"),
        (0, "3", "no_row"),
    ]
    assert "1.2.3" not in str(items)


def test_rows_find_films_by_name(read: Read, write: Write, make_dicom: Any) -> None:
    write({"a/IM1": make_dicom(PIXELS), "a/IM2.dcm": make_dicom(PIXELS), "b/IM1": make_dicom(PIXELS)})
    table = "id,what\na/IM1,COVID-19\nIM2,No Finding\n../IM1,COVID-19\nIM1,COVID-19\n"
    assert said(read(labelled("file"), [], labels=table)) == [
        ("a/IM1", "p1", "COVID-19", "PA"),
        ("IM2", "p1", "No Finding", "PA"),
        (4, "../IM1", "outside_folder"),
        (5, "IM1", "ambiguous"),
        (0, "b/IM1", "ambiguous"),
    ]


def test_a_view_in_the_table_goes_before_the_films_own(read: Read, write: Write, make_dicom: Any) -> None:
    write({"1": make_dicom(PIXELS), "2": make_dicom(PIXELS, PatientID="p2")})
    table = "id,what,position\np1,COVID-19,AP Supine\np2,COVID-19,\n"
    films = read(labelled("patient", view="Position"), [], labels=table)
    assert [one.view for one in films] == ["AP Supine", "PA"]


def test_rows_of_a_partial_collection_may_have_no_film(read: Read, write: Write, make_dicom: Any) -> None:
    write({"1": make_dicom(PIXELS)})
    settings = labelled("patient")
    settings["labels"]["partial"] = True
    items = read(settings, [], labels="id,what\np1,COVID-19\np9,COVID-19\n")
    assert [one.reason for one in items if isinstance(one, Rejection)] == ["not_fetched"]


def test_films_may_lie_in_several_folders_beside_the_table(read: Read, write: Write, make_dicom: Any) -> None:
    write({"2020/1": make_dicom(PIXELS), "2021/1": make_dicom(PIXELS), "old/1": make_dicom(PIXELS)})
    items = read(labelled("patient") | {"images": ["20*"]}, [], labels="id,what\np1,COVID-19\n")
    assert [one.file for one in items] == ["2020/1", "2021/1"]


def test_a_folder_without_a_single_dicom_film_cannot_be_read(read: Read, write: Write) -> None:
    write({"covid/1.png": b"x" * 300, "normal/2.png": b"x" * 300})
    with pytest.raises(SourceError, match="holds no DICOM film; check the path of source 'here'"):
        read(FOLDERS, [])


def test_a_film_in_two_folders_is_refused(read: Read, write: Write, make_dicom: Any) -> None:
    write({"covid/new/1": make_dicom(PIXELS)})
    with pytest.raises(SourceError, match="'covid' and 'covid/new' both hold"):
        read({"kind": "dicom", "folders": {"covid": "COVID-19", "covid/new": "No Finding"}}, [])


@pytest.fixture(scope="module")
def ward(make_dicom: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films of three patients, one of them with a CT slice, and a text file."""
    root = tmp_path_factory.mktemp("ward")
    (root / "here").mkdir()
    for name, elements in WARD.items():
        (root / "here" / name).write_bytes(make_dicom(PIXELS, SOPInstanceUID=f"1.2.{len(name)}", **elements))
    (root / "here" / "notes").write_text("none")
    return root


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["p1", "p2", "p3", "p9", "", "1"]), st.sampled_from(["COVID-19", "Mass", ""]))),
    st.randoms(use_true_random=False),
)
def test_every_row_and_file_is_accounted_for_in_any_order(
    ward: Path, rows: list[tuple[str, str]], generator: random.Random
) -> None:
    def films_of(rows: list[tuple[str, str]]) -> set[tuple[str, str]]:
        table = "".join(f'"{key}","{finding}"\n' for key, finding in rows)
        (ward / "here" / "labels.csv").write_text("id,what\n" + table)
        source = TypeAdapter(Source).validate_python({"name": "here", "path": "here", **labelled("patient")})
        items = list(read_source(source, ward))
        lines = {one.row for one in items}
        assert lines - {0} == {line for line, row in enumerate(rows, 2) if any(row)}
        films = [one.file for one in items if isinstance(one, Film)]
        alone = [one.file for one in items if isinstance(one, Rejection) and not one.row]
        assert len(set(films + alone)) == len(films + alone)
        assert {one.file for one in items} - {""} == {*WARD, "notes"}
        return {(one.file, one.finding) for one in items if isinstance(one, Film)}

    shuffled = generator.sample(rows, len(rows))
    assert films_of(rows) == films_of(shuffled)


@pytest.mark.parametrize(
    "keys, message",
    [
        ({}, "findings come from folders or from labels; give one of the two"),
        (FOLDERS | labelled("patient"), "findings come from folders or from labels; give one of the two"),
        (FOLDERS | {"images": "a"}, "images stands beside folders"),
        (
            {"labels": {"file": "l.csv", "match": "patient", "columns": {"key": "id"}}},
            "nothing says which column is the finding; name it under columns",
        ),
        ({"labels": {"file": "../l.csv", "match": "patient", "columns": {}}}, "leads out of the source's folder"),
    ],
)
def test_settings_that_say_too_much_or_too_little_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DicomSource(**{"kind": "dicom", "name": "here", "path": "here"} | keys)


SECRETS = {
    "PatientName": "Secretname^Ann",
    "PatientBirthDate": "19010203",
    "StudyDate": "19040506",
    "ContentTime": "112233.445566",
    "InstitutionName": "Secretclinic",
    "ReferringPhysicianName": "Secretdoctor",
    "PatientComments": "Secretcomment",
    "StudyDescription": "Secretstudy",
    "AccessionNumber": "Secretnumber",
    "PatientID": "Secretpatient",
    "StudyInstanceUID": "1.2.826.0.1.77777.1",
    "SOPInstanceUID": "1.2.826.0.1.77777.2",
}


@pytest.mark.parametrize("match", ["patient", "study_instance_uid"])
def test_nothing_of_a_person_gets_into_manifest_records_or_logs(
    write: Write, make_dicom: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, match: str
) -> None:
    caplog.set_level(logging.DEBUG)
    films = {"good": {}, "ct": {"Modality": "CT"}, "frames": {"NumberOfFrames": 2}, "lateral": {"ViewPosition": "LL"}}
    for name, elements in films.items():
        film = pydicom.dcmread(io.BytesIO(make_dicom(PIXELS, **SECRETS | elements)))
        film.private_block(0x0011, "Secretvendor", create=True).add_new(1, "LT", "Secretprivate")
        stream = io.BytesIO()
        film.save_as(stream)
        write({name: stream.getvalue(), f"cut-{name}": stream.getvalue()[:-200]})
    key = SECRETS["PatientID" if match == "patient" else "StudyInstanceUID"]
    write({"labels.csv": f"id,what,note\n{key},COVID-19,Secretnote\n{key}9,COVID-19,Secretnote\n".encode()})
    source = {"name": "here", "path": "here", **labelled(match)}
    data = DataSettings.model_validate(
        {"sources": [source], "findings": {"covid": ["COVID-19"], "healthy": ["No Finding"]}}
    )
    manifest = build_manifest(data, SplitSettings(), b"a key for tests, long enough", tmp_path)
    assert {row.file for row in manifest.rows} == {"good", "cut-good"}
    assert {one.reason for one in manifest.rejected} == {"modality", "frames", "view", "no_file"}
    out = tmp_path / "out"
    out.mkdir()
    write_manifest(manifest, out)
    for row in manifest.rows:
        record = film_to_record(row, data.classes, 32)
        is_cut = row.file == "cut-good"
        assert isinstance(record, Rejection) == is_cut
        written = str(record).encode() if isinstance(record, Rejection) else record.SerializeToString()
        (out / f"{row.file}.record").write_bytes(written)
    everything = caplog.text.encode() + b"".join(file.read_bytes() for file in out.iterdir())
    for secret in ("Secret", "77777", *SECRETS.values()):
        assert secret.encode() not in everything, secret
